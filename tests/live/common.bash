# What the live tests share: a daemon of their own, and what they ask it.
# They set `name`, `build` and `conf` before they read this.
# shellcheck shell=bash disable=SC2034,SC2154
set -euo pipefail
work=$PWD/$build/live/$name
state=$work/state
daemon=

ctl() { "$build/misuctl" -f "$conf" -s "$state" "$@"; }

die() {
	echo "$name: $*" >&2
	tail -n 5 "$work/log" >&2 || :
	exit 1
}

# How many times longer than on a quiet machine something may take now.
slack() {
	local load times
	read -r load _ </proc/loadavg
	times=$((1 + ${load%.*} / $(nproc)))
	echo $((times < 8 ? times : 8))
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# Its children go when it does, and hold the lock until they are gone.
end() {
	local pid children
	if [ -n "$daemon" ]; then
		children=$(child '.*')
		kill -9 "$daemon" 2>/dev/null || :
		wait "$daemon" 2>/dev/null || :
		for pid in $children; do until_true gone "$pid" || :; done
		daemon=
	fi
}
trap end EXIT

# Until a command succeeds: at most a minute on a quiet machine.  To wait so
# begins no process: nothing is ever to be read from the pause, and peek waits
# by itself.
until_true() {
	local pause over status=1 within=2
	if "$@" >/dev/null 2>&1; then return 0; fi
	over=$((SECONDS + 60 * $(slack)))
	exec {pause}<> <(:)
	while ((SECONDS < over)); do
		if "$@" >/dev/null 2>&1; then
			status=0
			break
		fi
		read -rt 0.05 -u "$pause" || :
	done
	exec {pause}>&-
	return "$status"
}

# Does misu answer, and does its status match each pattern?  Waited for, within
# two seconds.
peek() {
	perl tests/live/peek.pl "$state/control.sock" "${within-0}" "$@"
}

# Up or dead, whichever comes first.
is_decided() { ! kill -0 "$daemon" 2>/dev/null || peek; }

start() {
	"$build/misu" -f "$conf" -s "$state" >>"$work/log" 2>&1 &
	daemon=$!
	until_true is_decided
	peek >/dev/null 2>&1 || die "misu does not start"
}

stop() {
	ctl stop >/dev/null || die "misu does not stop"
	wait "$daemon" || die "misu does not stop well"
	daemon=
}

nothing_queued() {
	peek '"queued":0,' '"sending":0,' '"unknown":0,'
}

# A directory with nothing in it; MEMORY is one on no disk, if given.
fresh() {
	rm -rf "$work" "${MEMORY:+$MEMORY/$name}"
	if [ -n "${MEMORY-}" ]; then
		mkdir -p "$MEMORY/$name" "$(dirname "$work")"
		ln -s "$MEMORY/$name" "$work"
	fi
	mkdir -p "$state"
	chmod 700 "$work" "$state"
}

# certificates DIRECTORY: throwaway ones, made once for the tests of a week.
certificates() {
	local made=$build/live/certificates
	(
		flock 9
		if [ -z "$(find "$made" -name ca.pem -mtime -7 2>/dev/null)" ]
		then
			rm -rf "$made"
			tests/registry/certificates "$made.new"
			mv "$made.new" "$made"
		fi
	) 9>"$build/live/certificates.lock" &&
		mkdir -p "$1" && cp "$made"/* "$1"
}

# records COUNT WORD: JSON Lines, one object each; every value is its own.
records() {
	local i
	for ((i = 1; i <= $1; i++)); do
		printf '{"object":{"type":"domain","name":"%s%d.example.org"},' \
			"$2" "$i"
		printf '"request":"create","subject":"cust-%s-%d","roles":{' \
			"$2" "$i"
		printf '"registrant":{"kind":"natural","fields":{'
		printf '"name":{"int":"CanaryName %s %d"},"country":"JP",' \
			"$2" "$i"
		printf '"city":{"int":"CanaryCity%d"},' "$i"
		printf '"street":{"int":"CanaryStreet%d"},' "$i"
		printf '"email":"canary%d@mail.example",' "$i"
		printf '"phone":"+81.3%08d"}}}}\n' "$i"
	done
}

# Each disclosure that was to be sent has one outcome, and not two.
one_outcome_each() {
	ctl log --json >"$work/entries"
	jq -n 'reduce inputs as $e ({sent: {}, ended: {}};
		if $e.type == "disclosure" and $e.payload then
			.sent["\($e.index)"] = true |
			if $e.supersedes then .ended["\($e.supersedes)"] += 1
			else . end
		elif $e.type == "outcome" then .ended["\($e.entry)"] += 1
		else . end) |
		.ended as $ended |
		{none: [.sent | keys[] | select($ended[.] == null)],
		 several: [$ended | to_entries[] | select(.value != 1) | .key]} |
		if .none == [] and .several == [] then empty else . end' \
		"$work/entries" >"$work/outcomes"
	[ ! -s "$work/outcomes" ] || die "outcomes: $(tr -d '\n' <"$work/outcomes")"
}

verified() {
	ctl verify >"$work/verify" 2>&1 ||
		die "the ledger does not verify: $(cat "$work/verify")"
}

# The pid of a child by its name.
child() {
	local pid name pids=()
	read -ra pids 2>/dev/null <"/proc/$daemon/task/$daemon/children" || :
	for pid in "${pids[@]}"; do
		read -r name 2>/dev/null <"/proc/$pid/comm" || continue
		if [[ $name =~ ^misu:\ $1$ ]]; then echo "$pid"; fi
	done
}

is_new() { # NAME OLD-PID
	local now
	now=$(child "$1")
	[ -n "$now" ] && [ "$now" != "$2" ]
}

kill_child() {
	local pid
	pid=$(child "$1")
	[ -n "$pid" ] || die "there is no $1"
	kill -9 "$pid"
	until_true is_new "$1" "$pid" || die "$1 does not come again"
}
