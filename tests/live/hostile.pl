# hostile.pl PORT CERT KEY WHAT...: peers that a server must stand, on
# loopback.  Each WHAT is a sub below; it ends with 1 where the server did
# not do what it must.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::SSL;
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep time);

my ($port, $cert, $key, @what) = @ARGV;
my $slack = $ENV{SLACK} // 1; # how many times longer all may take
my %address = (PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp',
	Timeout => 10);

# The first 80 bytes of what could become a ClientHello of 512.
my $half_hello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . "\x5a" x 69;

sub surprise { print STDERR "hostile.pl: @_\n"; exit 1; }
sub plain { IO::Socket::INET->new(%address) or surprise("connect: $!"); }

# One for all: to make it, whom the system trusts is read.
my $context;

sub tls {
	$context //= IO::Socket::SSL::SSL_Context->new(SSL_verify_mode => 0,
		SSL_cert_file => $cert, SSL_key_file => $key)
	    or surprise("no context: $SSL_ERROR");
	my $s = IO::Socket::SSL->new(%address, SSL_reuse_ctx => $context,
		SSL_verify_mode => 0, SSL_verifycn_scheme => 'none')
	    or surprise("no TLS: $SSL_ERROR");
	frame($s) // surprise('no greeting');
	return $s;
}

# Whatever comes until the server closes, within a time.
sub is_closed {
	my ($s, $seconds) = @_;
	my $end = time + $seconds * $slack;
	while ((my $left = $end - time) > 0) {
		unless ($s->can('pending') && $s->pending) {
			vec(my $in = '', fileno($s), 1) = 1;
			next unless select($in, undef, undef, $left) > 0;
		}
		my $got = sysread($s, my $text, 65536);
		return 1 if !$got && !$!{EAGAIN};
	}
	return 0;
}

sub must_close {
	my ($what, $seconds, @sockets) = @_;
	is_closed($_, $seconds) || surprise("$what: the server does not close")
	    for @sockets;
}

sub take {
	my ($s, $len) = @_;
	my $text = '';
	local $SIG{ALRM} = sub { surprise('no answer') };
	alarm 20 * $slack;
	while (length $text < $len) {
		sysread($s, $text, $len - length $text, length $text)
		    or return undef;
	}
	alarm 0;
	return $text;
}

sub frame {
	my ($s) = @_;
	my $head = take($s, 4) // return undef;
	return take($s, unpack('N', $head) - 4);
}

my %do = (
	garbage => sub {
		my $s = plain();
		syswrite($s, "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n" x 50);
		must_close('garbage', 10, $s);
	},
	# Neither may a silent peer stay, nor one that has begun.
	stalls => sub {
		my @silent = map { plain() } 1 .. 20;
		my @begun = map { my $s = plain(); syswrite($s, $half_hello); $s }
		    1 .. 20;
		must_close('a stall', 10, @silent, @begun);
	},
	half_open => sub {
		my @all = map { my $s = plain(); syswrite($s, $half_hello); $s }
		    1 .. 500;
		sleep 0.3;
	},
	resets => sub {
		for my $i (1 .. 2000) {
			my $s = plain();
			syswrite($s, $half_hello) if $i % 2;
			setsockopt($s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
			close $s;
		}
	},
	# A frame is bounded in time as a whole, not byte by byte.
	one_a_second => sub {
		my $s = tls();
		local $SIG{PIPE} = 'IGNORE';
		syswrite($s, pack('N', 400));
		for (1 .. 20 * $slack) {
			syswrite($s, '<') or return;
			return if is_closed($s, 1 / $slack);
		}
		surprise('a byte a second is taken for ever');
	},
	# Nor may one stay that never logs in.
	hello_only => sub {
		my $s = tls();
		local $SIG{PIPE} = 'IGNORE';
		my $text = '<epp xmlns="urn:ietf:params:xml:ns:epp-1.0">' .
		    '<hello/></epp>';
		for (1 .. 20 * $slack) {
			syswrite($s, pack('N', 4 + length $text) . $text)
			    or return;
			frame($s) // return;
			sleep 0.5;
		}
		surprise('who does not log in may stay for ever');
	},
	lengths => sub {
		for my $len (0, 3, 4, 0x7fffffff, 0xffffffff, 10_000_000) {
			my $s = tls();
			syswrite($s, pack('N', $len));
			must_close("length $len", 5, $s);
		}
	},
	truncated => sub {
		for (1 .. 20) {
			my $s = tls();
			syswrite($s, pack('N', 1000) . '<epp xmlns="urn:ietf');
			close $s;
		}
	},
	# More than a frame may have: cut off before it is all sent.
	huge_attribute => sub {
		my $s = tls();
		local $SIG{PIPE} = 'IGNORE';
		my $text = '<epp a="' . 'x' x 10_000_000 . '"/>';
		syswrite($s, pack('N', 4 + length $text));
		for (my $at = 0; $at < length $text; $at += 16384) {
			syswrite($s, $text, 16384, $at) or return;
		}
		must_close('10 MB', 10, $s);
	},
	deep => sub {
		my $s = tls();
		local $SIG{PIPE} = 'IGNORE';
		my $text = '<a>' x 2_000_000;
		syswrite($s, pack('N', 4 + length $text));
		for (my $at = 0; $at < length $text; $at += 16384) {
			syswrite($s, $text, 16384, $at) or return;
		}
		must_close('2 million elements', 10, $s);
	},
);

($do{$_} // surprise("no $_"))->() for @what;
