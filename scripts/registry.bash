# What the demo, `make run` and the live tests share: the pretend registry for
# .biz (tests/registry) on loopback, and a misu.conf that stands before it.
# They set `build` before they read this.
# shellcheck shell=bash disable=SC2034,SC2154
registry='' registry_port='' registry_whois='' registry_rdap=''

# registry_files STATE: throwaway certificates and passwords, where the
# upstream of conf/misu.conf looks for them; CLIENT.pem for the backend.
registry_files() {
	local tls=$1/tls
	mkdir -p "$1/secrets"
	[ -s "$tls/other.pem" ] ||
		tests/registry/certificates "$tls" epp.registry.example
	cp "$tls/server.pem" "$tls/misu.pem"
	cp "$tls/server.key" "$tls/misu.key"
	cp "$tls/ca.pem" "$tls/backends-ca.pem"
	cp "$tls/ca.pem" "$tls/registry-ca.pem"
	echo "misu-password" >"$1/secrets/biz.password"
	chmod 700 "$1/secrets"
	chmod 600 "$tls"/*.key "$1/secrets"/*
}

registry_listens() {
	registry_port=$(awk '$1 == "listening" { print $3 }' "$1/listening")
	registry_whois=$(awk '$1 == "whois" { print $3 }' "$1/listening")
	registry_rdap=$(awk '$1 == "rdap" { print $3 }' "$1/listening")
	[ -n "$registry_port" ]
}

# registry_serve STATE DIRECTORY LINES: with WHOIS and RDAP of its own; it ends
# when descriptor 8 is closed, so that it never stays behind.
registry_serve() {
	local try
	rm -f "$2/life" "$2/control"
	mkfifo "$2/life"
	"$build/registry" -l 127.0.0.1:0 -c "$1/tls/server.pem" \
		-k "$1/tls/server.key" -a "$1/tls/ca.pem" -s "$2/control" \
		-f "$3" -w 127.0.0.1:0 -r 127.0.0.1:0 -e <"$2/life" >"$2/listening" 2>>"$2/registry.log" &
	registry=$!
	exec 8>"$2/life"
	for ((try = 0; try < 200; try++)); do
		if registry_listens "$2"; then return 0; fi
		kill -0 "$registry" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

registry_end() {
	if [ -n "$registry" ]; then
		exec 8>&-
		wait "$registry" 2>/dev/null || :
		registry=''
	fi
}

# registry_conf DIRECTORY PORT: conf/ with the upstream that misu.conf shows
# taken in, as its comment says, listening on PORT.
registry_conf() {
	rm -rf "$1"
	cp -R conf "$1"
	sed -e '/^recipient neulevel  *to file/d' \
		-e '/^#upstream biz {/,/^#}/ s/^#//' \
		-e '/^#recipient neulevel to epp biz/,/^#}/ s/^#//' \
		-e "s/listen 127.0.0.1:7001 .*/listen 127.0.0.1:$2/" \
		-e "s/server epp.registry.example:700/server 127.0.0.1:$registry_port name epp.registry.example/" \
		-e 's/mode shadow .*/mode session/' \
		-e 's/login registrar-x /login misu /' \
		conf/misu.conf >"$1/misu.conf"
}

# registry_publish DIRECTORY WHOIS-PORT RDAP-PORT: what registry_conf made, and
# misu's own publication: it shows what the registries' public gets to see,
# and what registries show is audited.
registry_publish() {
	local policy=$1/policy/revision-2.policy
	local whose='jprs-whois|psi-whois|jpnic-whois'
	awk -v whose="^for .* to ($whose) for p11 \\{" '
		$0 ~ whose { on = 1; sub(/ to [a-z]+-whois /, " to self ") }
		on { print }
		/^}/ { on = 0 }' "$policy" >"$1/policy/self"
	cat - "$1/policy/self" >>"$policy" <<-END
		recipient self "public: our own WHOIS and RDAP" public via self basis contract {
			may receive six, jprs-organization of registrant
			may receive six, jprs-contact of admin, tech
			may receive name, address, telephone, facsimile, email, web of public-contact
			may receive email of abuse
			may receive assignment of subscriber
		}
	END
	rm "$1/policy/self"
	cat >>"$1/misu.conf" <<-END
		recipient self to view
		registrar "Example Registrar K.K." {
			iana-id "9999"
			abuse-email "abuse@registrar.example"
			contact-form "https://registrar.example/contact"
		}
		publish whois on 127.0.0.1:$2
		publish rdap on 127.0.0.1:$3 at "http://127.0.0.1:$3/"
		publish rate 6000
		# PSI-Japan is the registrar of the gTLDs, JPRS has .jp; here we
		# are both.  Of other registries there are no servers to ask.
		audit whois 127.0.0.1:$2 for .jp, .biz as self
		audit whois 127.0.0.1:$2 for .jp as jprs-whois
		audit whois 127.0.0.1:$2 for .biz as psi-whois
		audit rdap "http://127.0.0.1:$3/" for .jp, .biz as self
		audit rdap "http://127.0.0.1:$3/" for .biz as psi-whois
		audit whois 127.0.0.1:$registry_whois for .biz as neulevel-whois
		audit rdap "http://127.0.0.1:$registry_rdap/" for .biz as neulevel-whois
		audit resolver 127.0.0.1:1
		audit rate 6000
	END
}

# A port of loopback that nobody listens on, below those that the kernel gives
# to whoever connects.
registry_free_port() {
	local port=$((10000 + RANDOM % 20000))
	while (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		port=$((port + 1))
	done
	echo "$port"
}
