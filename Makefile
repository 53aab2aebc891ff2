# misu: one plain Makefile. `make` builds, `make check` tests, `make demo` shows.
# MODE picks the build: debug (default), asan, release.

# `make V=1` shows the commands.

MODE ?= debug
CC ?= gcc
B := build/$(MODE)
JOBS ?= $(shell nproc)
SUBMAKE = $(MAKE) --no-print-directory -j$(JOBS)
Q := $(if $(V),,@)
SAY := @$(if $(V),:,echo)

PACKAGES := libevent libevent_openssl libevent_pthreads openssl nettle jansson libcjson sqlite3 libcurl \
	libidn2 libseccomp libsystemd
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wswitch-enum -Wvla -Wundef -Wwrite-strings \
	-Wformat=2
CFLAGS_debug := -O1 -g
CFLAGS_asan := -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
# What is small and called from other files everywhere is put in its place.
LTO := $(if $(findstring clang,$(CC)),,-flto=auto)
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE \
	$(LTO)
LDFLAGS_release := -pie -Wl,-z,relro,-z,now $(LTO)
ifeq ($(MODE),release)
AR := $(if $(LTO),gcc-ar,$(AR))
endif
# Each of the many programs that tests start begins sooner with these: the one
# hundred thousand places of a program that may lie anywhere need not be set.
LDFLAGS_asan := -no-pie -fsanitize=address,undefined -Wl,--as-needed \
	$(if $(findstring clang,$(CC)),,-static-libasan -static-libubsan)
LDFLAGS_fuzz := -fsanitize=address,undefined
CPPFLAGS += -Idaemon -include daemon/base/poison.h
CFLAGS += -std=c11 -pthread $(WARN) $(CFLAGS_$(MODE)) \
	$(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDFLAGS += -pthread $(LDFLAGS_$(MODE))
LDLIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lldns -lunistring

PURE := $(wildcard daemon/base/*.c daemon/core/*.c daemon/codec/*.c)
SHELL_SRC := $(wildcard daemon/store/*.c daemon/net/*.c) \
	$(filter-out daemon/misu.c daemon/misuctl.c,$(wildcard daemon/*.c))
PURE_OBJ := $(PURE:%.c=$B/%.o)
SHELL_OBJ := $(SHELL_SRC:%.c=$B/%.o)
LIBMISU := $B/libmisu.a
LIBSHELL := $B/libshell.a

all: $B/misu $B/misuctl

$(PURE_OBJ): CFLAGS += -Wconversion
$(SHELL_OBJ) $B/daemon/misu.o $B/daemon/misuctl.o: CPPFLAGS += -D_GNU_SOURCE

# What stands there in assembler must be where its C is.
$B/daemon/embed.o: CFLAGS += -fno-lto
$B/daemon/embed.o: conf/openapi.json

$B/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(SAY) "CC      $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIBMISU): $(PURE_OBJ)
	@rm -f $@
	$(SAY) "AR      $@"
	$(Q)$(AR) rcs $@ $^

$(LIBSHELL): $(SHELL_OBJ)
	@rm -f $@
	$(SAY) "AR      $@"
	$(Q)$(AR) rcs $@ $^

$B/misu $B/misuctl: $B/%: $B/daemon/%.o $(LIBSHELL) $(LIBMISU)
	$(SAY) "LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

-include $(shell find $B -name '*.d' -type f 2>/dev/null)

# --- tests ---------------------------------------------------------------
# Each tests/unit/*.c is one cmocka program.
UNIT := $(patsubst tests/unit/%.c,$B/unit/%,$(wildcard tests/unit/*.c))

# What tests share: fakes, canaries, random records.
RUNNER_OBJ := $(patsubst %.c,$B/%.o,\
	$(filter-out tests/runner/main.c,\
	$(wildcard tests/runner/*.c tests/rows/*.c)))
LIBRUNNER := $B/librunner.a

# The search for canaries is most of what tests do: it is made fast.
$B/tests/runner/canary.o $B/tests/runner/undress.o $B/tests/runner/pool.o \
	$B/tests/runner/memory_disk.o: CFLAGS += -O2 -fno-sanitize=all

$(LIBRUNNER): $(RUNNER_OBJ)
	@rm -f $@
	$(SAY) "AR      $@"
	$(Q)$(AR) rcs $@ $^

$B/unit/%: $B/tests/unit/%.o $(LIBRUNNER) $(LIBSHELL) $(LIBMISU)
	@mkdir -p $(@D)
	$(SAY) "LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# What plays scenarios needs what $B/scenario does.
PLAYS := $B/unit/rows_engine $B/unit/filter_stress $B/unit/view_durable
WRAPS := -Wl,--wrap=channel_file_start -Wl,--wrap=channel_desk_start \
	-Wl,--wrap=view_mark_open
$(PLAYS): LDFLAGS += $(WRAPS)
$(PLAYS): LDLIBS += $(LIBXML)
$(PLAYS): $B/registry-core.o

$B/tests/%.o: CPPFLAGS += -D_GNU_SOURCE -Itests

# --- the registry simulator and its client -------------------------------
# They share nothing with the daemon but base/slice.h: libxml2 reads what the
# daemon's own reader has let through.
REGISTRY_SRC := $(filter-out tests/registry/server% tests/registry/client%,\
	$(wildcard tests/registry/*.c))
LIBREGISTRY := $B/libregistry.a
LIBXML = $(shell pkg-config --libs libxml-2.0)
REGISTRY_SERVER := $(patsubst %.c,$B/%.o,$(wildcard tests/registry/server*.c))
REGISTRY_CLIENT := $(patsubst %.c,$B/%.o,$(wildcard tests/registry/client*.c))

$B/tests/registry/%.o: CFLAGS += $(shell pkg-config --cflags libxml-2.0)

$(LIBREGISTRY): $(REGISTRY_SRC:%.c=$B/%.o)
	@rm -f $@
	$(SAY) "AR      $@"
	$(Q)$(AR) rcs $@ $^

$B/registry: $(REGISTRY_SERVER) $(LIBREGISTRY)
$B/epp-client: $(REGISTRY_CLIENT) $(LIBREGISTRY)
$B/registry $B/epp-client:
	$(SAY) "LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(LIBXML)

# Without the daemon: it is a test of the judge alone.
$B/unit/registry: $B/tests/unit/registry.o $(LIBREGISTRY)
	@mkdir -p $(@D)
	$(SAY) "LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBXML) -lcmocka

# In one program with the daemon: names of its own that both have are hidden.
$B/registry-core.o: $(REGISTRY_SRC:%.c=$B/%.o)
	$(SAY) "LD      $@"
	$(Q)$(CC) -nostdlib -r -o $@ $^
	$(Q)objcopy --wildcard --keep-global-symbol='registry_*' \
		--keep-global-symbol='bytes_*' $@

# --- the log, as strangers see it ----------------------------------------
# The generator is misu's own code; the verifier is not: it is Go, with the
# library that Go's own checksum database is checked with.
GO_MODULES := /usr/share/gocode
HAS_GO := $(and $(shell command -v go),\
	$(wildcard $(GO_MODULES)/src/golang.org/x/mod/sumdb/tlog))

$B/generate: $B/tests/verifier/generate.o $(LIBSHELL) $(LIBMISU)
	$(SAY) "LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

build/verifier: tests/verifier/verifier.go
build/witness: tests/verifier/witness/witness.go
build/verifier build/witness:
	@mkdir -p $(@D)
	$(SAY) "GO      $@"
	$(Q)CGO_ENABLED=0 GO111MODULE=off GOPATH=$(GO_MODULES) GOFLAGS= \
		GOCACHE=$(CURDIR)/build/go-cache go build -o $@ $<

# --- scenarios -----------------------------------------------------------
# The real engine, linked with a fake loop and a disk in memory; channels are
# wrapped so that what they are given can be looked at.
$B/scenario: $B/tests/runner/main.o $(LIBRUNNER) $B/registry-core.o \
		$(LIBSHELL) $(LIBMISU)
	$(SAY) "LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(WRAPS) -o $@ $^ $(LDLIBS) $(LIBXML)

$B/tests/runner/epp_registry.o: CFLAGS += $(shell pkg-config --cflags libxml-2.0)

# make one T=name: play one scenario with its transcript.
one: $B/scenario
	@$B/scenario -v tests/scenario/$(T).scn

# Every single occurrence of every sweep; `make check` takes some of them, and
# `make check STEP=11` seven times as many.
sweep: $B/scenario
	@$B/scenario -s 1 tests/scenario/*.scn

# --- fuzzing -------------------------------------------------------------
# Each tests/fuzz/NAME.c is a libFuzzer target (`make fuzz`, clang); any
# compiler makes $B/replay/NAME, which plays tests/fuzz/NAME.seeds into it.
FUZZ_NAMES := $(basename $(notdir $(wildcard tests/fuzz/*.c)))
REPLAY := $(FUZZ_NAMES:%=$B/replay/%)
FUZZ_SECONDS ?= 20

$B/replay/%: $B/tests/fuzz/%.o $B/tests/fuzz_replay.o $(LIBRUNNER) \
	$(LIBSHELL) $(LIBMISU)
	@mkdir -p $(@D)
	$(SAY) "LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$B/fuzz/%: $B/tests/fuzz/%.o $(LIBRUNNER) $(LIBSHELL) $(LIBMISU)
	@mkdir -p $(@D)
	$(SAY) "LD      $@"
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

# Two parsers that the world uses, to be compared with; nothing else has them.
$B/tests/fuzz/xml_differential.o: CFLAGS += $(shell xml2-config --cflags \
	2>/dev/null)
$B/replay/xml_differential $B/fuzz/xml_differential: LDLIBS += -lexpat -lxml2

replay: $(REPLAY)
	@for n in $(FUZZ_NAMES); do $B/replay/$$n tests/fuzz/$$n.seeds || \
		{ echo "fuzz target $$n fails on its seeds"; exit 1; }; done

fuzz:
	@$(SUBMAKE) MODE=fuzz CC=clang fuzz-run

fuzz-run: $(FUZZ_NAMES:%=$B/fuzz/%)
	@for n in $(FUZZ_NAMES); do mkdir -p $B/corpus/$$n; \
		echo "fuzz $$n"; $B/fuzz/$$n -max_total_time=$(FUZZ_SECONDS) \
		-verbosity=0 -artifact_prefix=$B/corpus/$$n- \
		$B/corpus/$$n tests/fuzz/$$n.seeds 2>$B/corpus/$$n.log || \
		{ tail -n 60 $B/corpus/$$n.log; exit 1; }; done

setup:
	scripts/setup

# --- benchmarks ----------------------------------------------------------
# Ratios in one run; the directory must be on a real disk.
BENCH := $(patsubst tests/bench/%.c,$B/bench/%,$(wildcard tests/bench/*.c))
BENCH_DIR ?= build/bench-data

$B/bench/%: $B/tests/bench/%.o $(LIBRUNNER) $(LIBSHELL) $(LIBMISU)
	@mkdir -p $(@D)
	$(SAY) "LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$B/bench/xml $B/bench/filter: LDLIBS += -lexpat

bench: setup
	@$(SUBMAKE) MODE=release bench-run

bench-run: all $(BENCH)
	@scripts/bench $B $(BENCH_DIR)

# First pages of filtered queries over a ledger of ENTRIES entries: for 10
# million of them it takes a quarter of an hour and 20 GB below BENCH_DIR,
# which stay for the next time.
ENTRIES ?= 10000000
bench-ledger: setup
	@$(SUBMAKE) MODE=release build/release/bench/search
	@mkdir -p $(BENCH_DIR)/search-$(ENTRIES)
	@build/release/bench/search $(BENCH_DIR)/search-$(ENTRIES) $(ENTRIES)

# The EPP filter beside HAProxy, on this machine.
bench-epp:
	@scripts/setup bench
	@$(SUBMAKE) MODE=release bench-epp-run

bench-epp-run: all $B/registry $B/epp-client
	@scripts/bench-epp $B $(BENCH_DIR)

# What is published, beside nginx serving the same answers as files.
bench-publish:
	@scripts/setup bench
	@$(SUBMAKE) MODE=release bench-publish-run

bench-publish-run: all $B/bench/publish_view $B/bench/publish_load
	@scripts/bench-publish $B $(BENCH_DIR)

demo: setup
	@$(SUBMAKE) all $B/registry $B/epp-client
	@scripts/demo

# In the foreground, before the pretend registry, with all it makes in .run;
# misuctl -s .run.
run: all $B/registry $B/epp-client
	@MODE=$(MODE) scripts/run

# The user that the service runs as: systemd-sysusers makes it (README.md).
PREFIX ?= /usr
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin \
		$(DESTDIR)/etc/misu $(DESTDIR)/lib/systemd/system \
		$(DESTDIR)/usr/lib/sysusers.d \
		$(DESTDIR)$(PREFIX)/share/misu \
		$(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/man/man7 \
		$(DESTDIR)$(PREFIX)/share/man/man8
	install $B/misu $(DESTDIR)$(PREFIX)/sbin/
	install $B/misuctl $(DESTDIR)$(PREFIX)/bin/
	sed 's,/usr/sbin/,$(PREFIX)/sbin/,' conf/misu.service \
		>$(DESTDIR)/lib/systemd/system/misu.service
	chmod 644 $(DESTDIR)/lib/systemd/system/misu.service
	install -m 644 conf/misu.sysusers \
		$(DESTDIR)/usr/lib/sysusers.d/misu.conf
	scripts/install-conf conf $(DESTDIR)/etc/misu misu.conf policy templates
	install -m 644 daemon/*.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 conf/epp/misu-1.0.xsd $(DESTDIR)$(PREFIX)/share/misu/
	install -m 644 daemon/*.7 $(DESTDIR)$(PREFIX)/share/man/man7/
	install -m 644 daemon/*.8 $(DESTDIR)$(PREFIX)/share/man/man8/

# `make check TIMES=1` tells what each test took; `make check ONLY='^live '`
# plays those whose words match.
# Most of it is done under ASan and UBSan.  Sweeps and the live tests that
# scripts/check names run with the plain build, which is made for them; with
# PLAIN= they run with the one that has sanitizers, and all scenarios twice.
PLAIN ?= build/debug
NEEDS_PLAIN := $(and $(filter asan,$(MODE)),$(PLAIN))
LIVE_PROGRAMS := $B/misu $B/misuctl $B/registry $B/epp-client $B/generate

check: setup
	@$(SUBMAKE) MODE=asan check-run

check-run: $(UNIT) $(REPLAY) $(LIVE_PROGRAMS) \
	$(if $(NEEDS_PLAIN),plain-programs) \
	$(if $(HAS_GO),build/verifier build/witness) \
	$(if $(wildcard tests/runner/main.c),$B/scenario)
	@TIMES="$(TIMES)" ONLY="$(ONLY)" STEP="$(STEP)" scripts/check $B $(NEEDS_PLAIN)

check-programs: $(LIVE_PROGRAMS) $B/scenario

plain-programs:
	@$(MAKE) --no-print-directory MODE=debug check-programs

# What tests are made of, in a mode in which they need not be played: each mode
# has its warnings.
test-objects: $(RUNNER_OBJ) $B/tests/runner/main.o $B/tests/fuzz_replay.o \
	$(UNIT:$B/unit/%=$B/tests/unit/%.o) \
	$(FUZZ_NAMES:%=$B/tests/fuzz/%.o) $B/tests/verifier/generate.o \
	$(patsubst %.c,$B/%.o,$(wildcard tests/registry/*.c tests/bench/*.c))

layers: $(LIBMISU)
	scripts/layers $(LIBMISU)

ci:
	.ci/run

clean:
	rm -rf build .demo .run

.PHONY: run install one sweep all setup replay fuzz fuzz-run demo bench \
	bench-epp bench-epp-run bench-ledger bench-publish bench-publish-run \
	bench-run check \
	check-run check-programs plain-programs test-objects layers ci clean
.DEFAULT_GOAL := all
.SECONDARY:
