# What the live tests of the EPP filter share: a registry simulator, misu in
# front of it with an upstream in mode session and one in mode pool, and a
# backend.  To be read after common.bash.
# shellcheck shell=bash disable=SC2034,SC2154
tls=$work/tls registry='' registry_port=0 session_port='' pool_port=''
others=()

skip() {
	echo "skipped: $*"
	exit 77
}

epp_needs() {
	local program
	for program in registry epp-client; do
		[ -x "$build/$program" ] || skip "$build/$program is not built"
	done
	for program in openssl perl jq; do
		command -v "$program" >/dev/null || skip "$program is not there"
	done
}

is_asan() { grep -qs __asan_init "$build/misu"; }

end_all() {
	local pid
	end
	for pid in "${others[@]}" $registry; do
		kill -9 "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	registry='' others=()
}
trap end_all EXIT

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port below those that the kernel gives to whoever connects.
free_port() {
	local port
	while :; do
		port=$((10000 + RANDOM % 20000))
		if ! listens "$port"; then break; fi
	done
	echo "$port"
}

# --- the registry ---

tell() {
	"$build/epp-client" tell "$work/control" "$@" ||
		die "the registry does not take: $*"
}

registry_listens() {
	registry_port=$(awk '$1 == "listening" { print $3 }' "$work/listening")
	[ -n "$registry_port" ]
}

# Again at the port it had.
serve() {
	rm -f "$work/control"
	"$build/registry" -l "127.0.0.1:$registry_port" -c "$tls/server.pem" \
		-k "$tls/server.key" -a "$tls/ca.pem" -s "$work/control" \
		-f "${lines-tests/registry/simple.lines}" \
		>"$work/listening" 2>>"$work/registry.log" &
	registry=$!
	until_true registry_listens || die "the registry does not listen"
}

unserve() {
	kill -9 "$registry"
	wait "$registry" 2>/dev/null || :
	registry=
}

count() { tell counts | awk -v what="$1" '$1 == what || $2 == what {
	print $NF; found = 1 } END { if (!found) print 0 }'; }

all_valid() {
	if grep -q 'not validated' "$work/registry.log"; then
		echo "skipped: \$MISU_DATA/epp-xsd is not there to validate by"
	fi
	[ "$(count frames)" != 0 ] || die "the registry got no frame"
	[ "$(count invalid)" = 0 ] || die "invalid: $(tell invalid)"
	[ "$(count tolerated)" = 0 ] || die "frames were only tolerated"
}

# --- misu ---

# policy_for RECIPIENT...: `rules` come before all others.
policy_for() {
	local one
	cat <<-'P'
		policy "live" revision 1 effective 2026-01-01T00:00:00Z
		purpose p10 "submit to the registry as part of a registration"
	P
	for one; do
		cat <<-P
			recipient $one "the registry" in JP class registry
			    basis contract by api {
			    may receive name, org, street, city, state,
			        postcode, country, phone, phone-ext, email
			        of registrant, admin, tech, billing
			}
			for .org to $one for p10 {
			    ${rules-}
			    forward name, org, city, state, postcode, country,
			        phone, email of registrant, admin, tech, billing
			    redact * of *
			}
		P
	done
}

# upstream NAME PORT MODE [STATEMENT...]
upstream() {
	local name=$1 port=$2 mode=$3
	shift 3
	cat <<-C
		upstream $name {
		    listen 127.0.0.1:$port
		    certificate "$tls/server.pem" key "$tls/server.key"
		    clients from "$tls/ca.pem"
		    server "127.0.0.1:$registry_port"
		    name "localhost"
		    authority "$tls/ca.pem"
		    show "$tls/client.pem" key "$tls/client.key"
		    mode $mode
		    login "registrar" password "${password-$work/password}"
		    backend "registrar" password "$work/password" connections 20000
		    connections 20000
		    role registrant
		    kind legal
		    $(printf '%s\n' "$@")
		}
		recipient reg-$name to epp $name {
		    placeholder "REDACTED" for name, city of *
		    placeholder "redacted@relay.example" for email of *
		    placeholder "US" for country of *
		}
	C
}

# Over all the upstreams that are given on standard input.
configure() {
	cat >"$work/upstreams"
	mapfile -t recipients < <(
		awk '$1 == "recipient" { print $2 }' "$work/upstreams")
	policy_for "${recipients[@]}" >"$work/live.policy"
	{
		echo "origin misu.example/log"
		echo "policy \"$work/live.policy\""
		echo "workers ${workers-1}"
		cat "$work/upstreams"
	} >"$conf"
}

configure_both() {
	{
		upstream s "$session_port" session
		upstream p "$pool_port" "pool of 2 sessions"
	} | configure
}

epp_fresh() {
	fresh
	certificates "$tls" >"$work/log" 2>&1 || die "no certificates"
	echo registrar-pw >"$work/password"
	chmod 600 "$work/password"
	session_port=$(free_port)
	pool_port=$(free_port)
	serve
}

# misu with its workers and listeners.
epp_start() {
	local port i
	start
	for ((i = 1; i <= ${workers-1}; i++)); do
		until_true is_new "worker $i" 0 || die "no worker $i"
	done
	for port; do
		until_true listens "$port" || die "nobody listens at $port"
	done
}

# Its processes, in an order that stays.
pids() {
	echo "$daemon $(child keeper) $(child 'worker 1')"
}

resident() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status"; }

# --- the backend ---

# client PORT: a script on standard input.
client() {
	timeout 150 "$build/epp-client" -c "127.0.0.1:$1" -C "$tls/client.pem" \
		-K "$tls/client.key" -A "$tls/ca.pem"
}

# plays NAME PORT: the script has to go through.
plays() {
	client "$2" >"$work/$1.out" 2>&1 ||
		die "$1: $(tail -n 3 "$work/$1.out")"
}

# crowd load|idle PORT OPTION...
crowd() {
	local what=$1 port=$2
	shift 2
	timeout "${patience-90}" "$build/epp-client" "$what" -c "127.0.0.1:$port" \
		-C "$tls/client.pem" -K "$tls/client.key" "$@"
}

frame() {
	printf '<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><command>%s' "$1"
	printf '<clTRID>LIVE-1</clTRID></command></epp>\n'
}

poll() { frame '<poll op="req"/>'; }

# person ID NAME: a contact:create.
person() {
	local c='xmlns:c="urn:ietf:params:xml:ns:contact-1.0"'
	frame "<create><c:create $c><c:id>$1</c:id><c:postalInfo type=\"int\"><c:name>$2</c:name><c:addr><c:street>1 Example Street</c:street><c:city>Himeji</c:city><c:cc>JP</c:cc></c:addr></c:postalInfo><c:email>person@mail.example</c:email><c:authInfo><c:pw>contact-auth-1</c:pw></c:authInfo></c:create></create>"
}
