// witness ADDRESS NAME LOG-VKEY STATE KEY-FILE: a witness as C2SP tlog-witness
// has it, for one log.  STATE is a file with the last checkpoint it has signed
// and is made if it is not there; its verifier key is written to KEY-FILE.  A
// test sets what is wrong with it: POST /fault with "down", "signature",
// "forget" (all it knew) or "" (nothing).
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type witness struct {
	sync.Mutex
	name  string
	key   ed25519.PrivateKey
	log   note.Verifier
	state string
	tree  tlog.Tree // the last it has signed
	fault string
}

const keyType = 4 // cosignature/v1

func (w *witness) keyID() []byte {
	public := w.key.Public().(ed25519.PublicKey)
	id := sha256.Sum256(append([]byte(w.name+"\n\x04"), public...))
	return id[:4]
}

func (w *witness) verifierKey() string {
	public := w.key.Public().(ed25519.PublicKey)
	return fmt.Sprintf("%s+%x+%s", w.name, w.keyID(),
		base64.StdEncoding.EncodeToString(
			append([]byte{keyType}, public...)))
}

func (w *witness) cosign(body string) string {
	now := uint64(time.Now().Unix())
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", now, body)
	signature := append([]byte(nil), w.keyID()...)
	signature = binary.BigEndian.AppendUint64(signature, now)
	signature = append(signature, ed25519.Sign(w.key, []byte(message))...)
	if w.fault == "signature" {
		signature[20] ^= 1
	}
	return fmt.Sprintf("— %s %s\n", w.name,
		base64.StdEncoding.EncodeToString(signature))
}

// The three lines of a checkpoint.
func parseTree(text, origin string) (tlog.Tree, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) != 4 || lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("another log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("no root")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

// "old N", hashes, an empty line, the checkpoint.
func parseRequest(body string) (old int64, proof tlog.TreeProof,
	checkpoint string, err error) {
	head, checkpoint, found := strings.Cut(body, "\n\n")
	lines := strings.Split(head, "\n")
	size := strings.TrimPrefix(lines[0], "old ")
	if !found || size == lines[0] || len(lines) > 64 {
		return 0, nil, "", fmt.Errorf("no request")
	}
	old, err = strconv.ParseInt(size, 10, 64)
	if err != nil {
		return 0, nil, "", err
	}
	for _, line := range lines[1:] {
		bytes, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(bytes) != tlog.HashSize {
			return 0, nil, "", fmt.Errorf("no hash")
		}
		var hash tlog.Hash
		copy(hash[:], bytes)
		proof = append(proof, hash)
	}
	return old, proof, checkpoint, nil
}

func (w *witness) add(answer http.ResponseWriter, body string) {
	old, proof, checkpoint, err := parseRequest(body)
	if err != nil {
		http.Error(answer, err.Error(), 400)
		return
	}
	if !strings.HasPrefix(checkpoint, w.log.Name()+"\n") {
		http.Error(answer, "unknown log", 404)
		return
	}
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(w.log))
	if err != nil {
		http.Error(answer, err.Error(), 403)
		return
	}
	tree, err := parseTree(opened.Text, w.log.Name())
	if err != nil || old > tree.N {
		http.Error(answer, "not a checkpoint", 400)
		return
	}
	if old != w.tree.N || (old == tree.N && tree != w.tree) {
		answer.Header().Set("Content-Type", "text/x.tlog.size")
		answer.WriteHeader(409)
		fmt.Fprintf(answer, "%d\n", w.tree.N)
		return
	}
	if old > 0 && tlog.CheckTree(
		proof, tree.N, tree.Hash, old, w.tree.Hash) != nil {
		http.Error(answer, "the proof does not hold", 422)
		return
	}
	if os.WriteFile(w.state, []byte(opened.Text), 0600) != nil {
		http.Error(answer, "no disk", 500)
		return
	}
	w.tree = tree
	fmt.Fprint(answer, w.cosign(opened.Text))
}

func (w *witness) serve(answer http.ResponseWriter, request *http.Request) {
	w.Lock()
	defer w.Unlock()
	body, err := io.ReadAll(io.LimitReader(request.Body, 1<<16))
	if err != nil || request.Method != "POST" {
		http.Error(answer, "no request", 400)
		return
	}
	switch request.URL.Path {
	case "/fault":
		w.fault = string(body)
		if w.fault == "forget" {
			w.tree = tlog.Tree{}
		}
	case "/add-checkpoint":
		if w.fault == "down" {
			http.Error(answer, "down", 503)
			return
		}
		w.add(answer, string(body))
	default:
		http.NotFound(answer, request)
	}
}

func die(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "witness:", err)
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) != 6 {
		die(fmt.Errorf("witness ADDRESS NAME LOG-VKEY STATE KEY-FILE"))
	}
	log, err := note.NewVerifier(os.Args[3])
	die(err)
	// A witness of tests: its key follows from its name.
	seed := sha256.Sum256([]byte(os.Args[2]))
	w := &witness{name: os.Args[2], log: log, state: os.Args[4],
		key: ed25519.NewKeyFromSeed(seed[:])}
	if text, err := os.ReadFile(w.state); err == nil {
		w.tree, err = parseTree(string(text), log.Name())
		die(err)
	}
	listener, err := net.Listen("tcp", os.Args[1])
	die(err)
	die(os.WriteFile(os.Args[5], []byte(w.verifierKey()+"\n"), 0644))
	http.HandleFunc("/", w.serve)
	die(http.Serve(listener, nil))
}
