# peek SOCKET SECONDS [PATTERN...]: does a running misu answer, and does what it
# says of itself match each pattern?  If not now, then within so many seconds.
# As misuctl status would ask, which takes ten times as long to begin: tests ask
# this again and again.
use strict;
use warnings;
use Socket;
use Time::HiRes qw(sleep time);

my ($path, $seconds, @patterns) = @ARGV;

# Nothing, or why not; '' for another answer.
sub amiss {
	socket(my $misu, PF_UNIX, SOCK_STREAM, 0) or return "socket: $!";
	connect($misu, sockaddr_un($path)) or return "$path: $!";
	syswrite($misu, qq({"verb":"status"}\n)) or return "$path: $!";
	my $answer = do { local $/; <$misu> } // '';
	$answer =~ s/^\{"status":200,.*\n// or return "$path: $answer";
	for (@patterns) {
		return '' unless $answer =~ /$_/;
	}
	return;
}

$SIG{PIPE} = 'IGNORE';
my $over = time + $seconds;
while (defined(my $why = amiss())) {
	if (time >= $over) {
		print STDERR "$why\n" if $why ne '';
		exit 1;
	}
	sleep 0.02;
}
