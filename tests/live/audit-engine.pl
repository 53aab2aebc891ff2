# audit-engine.pl DIRECTORY CERT KEY: other people's servers, on loopback:
# WHOIS, RDAP over plain HTTP and over TLS, and a name server that knows SRV
# records.  Their ports stand in DIRECTORY/ports.  What is asked for by NAME is
# answered with the file whois/NAME or rdap/NAME, as it stands there; the file
# "fault" makes them misbehave: "429" at RDAP, "limited" at WHOIS, "silent" both
# close at once.  Everything that was asked is a line of DIRECTORY/asked.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::SSL;

my ($dir, $cert, $key) = @ARGV;
my %listen = (Listen => 16, LocalAddr => '127.0.0.1', LocalPort => 0,
	ReuseAddr => 1);
my $whois = IO::Socket::INET->new(%listen) or die "whois: $!";
my $rdap = IO::Socket::INET->new(%listen) or die "rdap: $!";
my $tls = IO::Socket::INET->new(%listen) or die "tls: $!";
my $dns = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1',
	LocalPort => 0) or die "dns: $!";

sub text {
	my ($path) = @_;
	open my $file, '<:raw', $path or return undef;
	local $/;
	return scalar <$file>;
}

sub put {
	my ($path, $text) = @_;
	open my $file, '>>', $path or die "$path: $!";
	print $file $text;
}

sub fault { my $f = text("$dir/fault") // ''; chomp $f; return $f; }

# No name leads out of the directory.
sub file_of {
	my ($kind, $name) = @_;
	$name =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
	$name =~ s/[^A-Za-z0-9.:-]/_/g;
	return "$dir/$kind/$name";
}

sub answer_whois {
	my ($s) = @_;
	my $line = <$s> // '';
	$line =~ s/\r?\n$//;
	put("$dir/asked", "whois $line\n");
	return if fault() eq 'silent';
	if (fault() eq 'limited') {
		print $s "WHOIS LIMIT EXCEEDED\r\n";
		return;
	}
	print $s text(file_of('whois', $line)) //
	    "No match for \"$line\".\r\n";
}

sub answer_rdap {
	my ($s) = @_;
	my $line = <$s> // '';
	while (defined(my $more = <$s>)) { last if $more =~ /^\r?\n$/; }
	my ($path) = $line =~ m{^GET /\S*?(?:domain|ip|entity)/(\S*) };
	put("$dir/asked", "rdap " . ($path // '-') . "\n");
	return if fault() eq 'silent';
	my $body = defined $path ? text(file_of('rdap', $path)) : undef;
	my $status = defined $body ? '200 OK' : '404 Not Found';
	my $more = '';
	($status, $more) = ('429 Too Many Requests', "Retry-After: 1\r\n")
	    if fault() eq '429';
	$body //= '{"errorCode":404}';
	print $s "HTTP/1.1 $status\r\nContent-Type: application/rdap+json\r\n",
	    $more, "Content-Length: ", length $body,
	    "\r\nConnection: close\r\n\r\n", $body;
}

# _nicname._tcp.org is here; nobody else has one.
sub answer_dns {
	$dns->recv(my $query, 512);
	my ($id) = unpack 'n', $query;
	my $at = 12;
	my @labels;
	while (my $len = ord substr $query, $at, 1) {
		push @labels, substr $query, $at + 1, $len;
		$at += 1 + $len;
	}
	my $question = substr $query, 12, $at + 5 - 12;
	my $name = lc join '.', @labels;
	put("$dir/asked", "srv $name\n");
	if ($name eq '_nicname._tcp.org') {
		my $target = "\x09localhost\0";
		my $data = pack('nnn', 0, 0, $whois->sockport) . $target;
		$dns->send(pack('nnnnnn', $id, 0x8180, 1, 1, 0, 0) . $question .
			pack('nnnNn', 0xc00c, 33, 1, 60, length $data) . $data);
	} else {
		$dns->send(pack('nnnnnn', $id, 0x8183, 1, 0, 0, 0) . $question);
	}
}

put("$dir/ports.new", join(' ', map { $_->sockport } $whois, $rdap, $dns, $tls) .
	"\n");
rename "$dir/ports.new", "$dir/ports" or die $!;
$SIG{PIPE} = 'IGNORE';
my $all = IO::Select->new($whois, $rdap, $dns, $tls);
while (my @ready = $all->can_read) {
	for my $s (@ready) {
		if ($s == $dns) {
			answer_dns();
			next;
		}
		my $c = $s->accept or next;
		binmode $c;
		if ($s == $tls) {
			IO::Socket::SSL->start_SSL($c, SSL_server => 1,
				SSL_cert_file => $cert,
				SSL_key_file => $key) or next;
		}
		$s == $whois ? answer_whois($c) : answer_rdap($c);
		close $c;
	}
}
