// verifier LOG VKEY OLD-CHECKPOINT [TOKEN]: a log checked by those who did not
// write it, with golang.org/x/mod/sumdb's note and tlog.  LOG is a directory or
// a URL.  Then the same log is damaged on its way here, in each way there is,
// and every damage has to be found.  Without a token, entries over HTTP are not
// to be had, and the hashes alone are checked.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8
const tileWidth = 1 << tileHeight

// A source gives the log's files by their names.
type source func(name string) ([]byte, error)

func fromDirectory(directory string) source {
	return func(name string) ([]byte, error) {
		return os.ReadFile(directory + "/" + name)
	}
}

func fromURL(url, token string) source {
	client := &http.Client{Timeout: 20 * time.Second}
	return func(name string) ([]byte, error) {
		request, err := http.NewRequest("GET", url+"/"+name, nil)
		if err != nil {
			return nil, err
		}
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := client.Do(request)
		if err != nil {
			return nil, err
		}
		defer answer.Body.Close()
		if answer.StatusCode != 200 {
			return nil, fmt.Errorf("%s: %s", name, answer.Status)
		}
		return io.ReadAll(io.LimitReader(answer.Body, 1<<25))
	}
}

// Every file is fetched once; damage is done to what was fetched.
func remembered(from source) source {
	files := map[string][]byte{}
	return func(name string) ([]byte, error) {
		if data, ok := files[name]; ok {
			return data, nil
		}
		data, err := from(name)
		if err == nil {
			files[name] = data
		}
		return data, err
	}
}

// The three lines of a checkpoint whose signature holds.
func openCheckpoint(text []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.SplitN(opened.Text, "\n", 4)
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("the root is no hash")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

// Go's own names have the height in them.
func nameOf(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

type tiles struct{ from source }

func (t tiles) Height() int { return tileHeight }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(wanted))
	for i, tile := range wanted {
		data, err := t.from(nameOf(tile))
		if err != nil {
			return nil, err
		}
		all[i] = data
	}
	return all, nil
}

func bundleName(number, size int64) string {
	width := tileWidth
	if size-number*tileWidth < tileWidth {
		width = int(size - number*tileWidth)
	}
	name := nameOf(tlog.Tile{H: tileHeight, L: 0, N: number, W: width})
	return strings.Replace(name, "tile/0/", "tile/entries/", 1)
}

func splitBundle(data []byte) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, fmt.Errorf("a bundle is cut")
		}
		length := int(data[0])<<8 | int(data[1])
		if len(data) < 2+length {
			return nil, fmt.Errorf("a bundle is cut")
		}
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	return entries, nil
}

func joinBundle(entries [][]byte) []byte {
	var data []byte
	for _, entry := range entries {
		data = append(data, byte(len(entry)>>8), byte(len(entry)))
		data = append(data, entry...)
	}
	return data
}

// Every entry, and its place in the tree, as the signed root has it.
func checkEntries(from source, tree tlog.Tree, reader tlog.HashReader) error {
	for number := int64(0); number*tileWidth < tree.N; number++ {
		data, err := from(bundleName(number, tree.N))
		if err != nil {
			return err
		}
		entries, err := splitBundle(data)
		if err != nil {
			return err
		}
		count := tree.N - number*tileWidth
		if count > tileWidth {
			count = tileWidth
		}
		if int64(len(entries)) != count {
			return fmt.Errorf("bundle %d has %d entries, not %d",
				number, len(entries), count)
		}
		indexes := make([]int64, count)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(
				0, number*tileWidth+int64(i))
		}
		// The reader holds each tile against the root.
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != hashes[i] {
				return fmt.Errorf("entry %d is another",
					number*tileWidth+int64(i))
			}
		}
	}
	return nil
}

func checkProofs(tree, old tlog.Tree, reader tlog.HashReader) error {
	for _, index := range []int64{0, 1, 255, 256, old.N - 1, old.N,
		tree.N / 2, tree.N - 1} {
		if index < 0 || index >= tree.N {
			continue
		}
		leaf, err := reader.ReadHashes(
			[]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		if err != nil {
			return err
		}
		err = tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf[0])
		if err != nil {
			return err
		}
	}
	proof, err := tlog.ProveTree(tree.N, old.N, reader)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}

// All of it: nil if the log is what it was.
func verify(from source, verifier note.Verifier, oldText []byte,
	entries bool) (tlog.Tree, error) {
	text, err := from("checkpoint")
	if err != nil {
		return tlog.Tree{}, err
	}
	tree, err := openCheckpoint(text, verifier)
	if err != nil {
		return tree, err
	}
	old, err := openCheckpoint(oldText, verifier)
	if err != nil {
		return tree, err
	}
	reader := tlog.TileHashReader(tree, tiles{from})
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return tree, err
	}
	if root != tree.Hash {
		return tree, fmt.Errorf("the root does not follow")
	}
	if err := checkProofs(tree, old, reader); err != nil {
		return tree, err
	}
	if entries {
		return tree, checkEntries(from, tree, reader)
	}
	return tree, nil
}

// The log with one of its files changed.
func damaged(from source, name string,
	change func(data []byte) []byte) source {
	return func(wanted string) ([]byte, error) {
		data, err := from(wanted)
		if err != nil || wanted != name {
			return data, err
		}
		return change(append([]byte(nil), data...)), nil
	}
}

func inBundle(change func(entries [][]byte) [][]byte) func([]byte) []byte {
	return func(data []byte) []byte {
		entries, err := splitBundle(data)
		if err != nil {
			panic(err)
		}
		return joinBundle(change(entries))
	}
}

type damage struct {
	what    string
	entries bool // only who reads entries can see it
	name    func(size int64) string
	change  func(data []byte) []byte
}

func flip(at int) func([]byte) []byte {
	return func(data []byte) []byte {
		data[(at+len(data))%len(data)] ^= 0x10
		return data
	}
}

func middle(size int64) string {
	return bundleName(size/tileWidth/2, size)
}

func last(size int64) string {
	return bundleName((size-1)/tileWidth, size)
}

func hashes(size int64) string {
	return strings.Replace(middle(size), "entries", "0", 1)
}

func checkpoint(int64) string { return "checkpoint" }

var damages = []damage{
	{"a flipped bit of an entry", true, middle, flip(1000)},
	{"a flipped bit of the last entry", true, last, flip(-3)},
	{"a dropped entry", true, middle,
		inBundle(func(e [][]byte) [][]byte {
			return append(e[:7:7], e[8:]...)
		})},
	{"a dropped last entry", true, last,
		inBundle(func(e [][]byte) [][]byte { return e[:len(e)-1] })},
	{"two entries in each other's place", true, middle,
		inBundle(func(e [][]byte) [][]byte {
			e[3], e[4] = e[4], e[3]
			return e
		})},
	{"a truncated entry", true, middle,
		inBundle(func(e [][]byte) [][]byte {
			e[9] = e[9][:len(e[9])-5]
			return e
		})},
	{"a bundle that is cut", true, last,
		func(data []byte) []byte { return data[:len(data)-1] }},
	{"an entry too many", true, middle,
		inBundle(func(e [][]byte) [][]byte {
			return append(e, []byte("{}"))
		})},
	{"a flipped bit of a hash", true, hashes, flip(33)},
	{"a flipped bit of the size", false, checkpoint,
		func(data []byte) []byte {
			at := bytes.IndexByte(data, '\n') + 1
			data[at] ^= 1
			return data
		}},
	{"a flipped bit of the signature", false, checkpoint, flip(-9)},
}

func die(what string, err error) {
	fmt.Fprintf(os.Stderr, "verifier: %s: %v\n", what, err)
	os.Exit(1)
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr,
			"usage: verifier LOG VKEY OLD-CHECKPOINT [TOKEN]")
		os.Exit(2)
	}
	log, token := os.Args[1], ""
	if len(os.Args) > 4 {
		token = os.Args[4]
	}
	isURL := strings.HasPrefix(log, "http://")
	entries := !isURL || token != ""
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		die("verifier key", err)
	}
	old, err := os.ReadFile(os.Args[3])
	if err != nil {
		die("old checkpoint", err)
	}
	from := fromDirectory(log)
	if isURL {
		from = fromURL(log, token)
	}
	from = remembered(from)
	tree, err := verify(from, verifier, old, entries)
	if err != nil {
		die("the log does not verify", err)
	}
	found := 0
	for _, damage := range damages {
		if damage.entries && !entries {
			continue
		}
		changed := damaged(from, damage.name(tree.N), damage.change)
		if _, err := verify(changed, verifier, old, entries); err == nil {
			die("not found", fmt.Errorf("%s", damage.what))
		}
		found++
	}
	fmt.Printf("%d entries verified, %d damages found\n", tree.N, found)
}
