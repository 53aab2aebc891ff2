# peek SOCKET [PATTERN...]: does a running misu answer, and does what it says of
# itself match each pattern?  As misuctl status would ask, which takes ten times
# as long to begin: tests ask this again and again.
use strict;
use warnings;
use Socket;

my ($path, @patterns) = @ARGV;
socket(my $misu, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
connect($misu, sockaddr_un($path)) or die "$path: $!\n";
syswrite($misu, qq({"verb":"status"}\n)) or die "$path: $!\n";
my $answer = do { local $/; <$misu> } // '';
$answer =~ s/^\{"status":200,.*\n// or die "$path: $answer\n";
for (@patterns) {
	exit 1 unless $answer =~ /$_/;
}
