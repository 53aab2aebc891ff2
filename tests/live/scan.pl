#!/usr/bin/perl
# scan.pl FILE-WITH-CANARIES PATH...: is any of them in any file, in clear, in
# base64 at any place, in hex or in UTF-16?  Each find is a line; 1 if any.
use strict;
use warnings;
use MIME::Base64 qw(encode_base64);
use Encode qw(encode decode);
use File::Find;

my ($list, @paths) = @ARGV;
my %wanted;

# What base64 makes of the bytes in the middle of others.
sub base64_at {
	my ($text, $before) = @_;
	my $coded = encode_base64(("\0" x $before) . $text, '');
	my $first = int(($before * 8 + 5) / 6);
	my $last = int(($before + length $text) * 8 / 6);
	return substr($coded, $first, $last - $first);
}

open(my $in, '<:raw', $list) or die "$list: $!\n";
while (my $text = <$in>) {
	chomp $text;
	next if length $text < 6;
	my $wide = decode('UTF-8', $text);
	$wanted{$text} = "$text in clear";
	$wanted{unpack('H*', $text)} = "$text in hex";
	$wanted{uc unpack('H*', $text)} = "$text in hex";
	$wanted{encode($_, $wide)} = "$text in $_" for qw(UTF-16LE UTF-16BE);
	$wanted{base64_at($text, $_)} = "$text in base64" for 0 .. 2;
}
close $in;
my $any = join('|', map { quotemeta } sort keys %wanted);
my $longest = 0;
for (keys %wanted) { $longest = length if length > $longest }
my $found = 0;

sub scan {
	my ($path) = @_;
	my ($kept, $piece) = ('', '');
	open(my $file, '<:raw', $path) or die "$path: $!\n";
	while (read($file, $piece, 1 << 22)) {
		$kept .= $piece;
		while ($kept =~ /($any)/go) {
			print "$path: $wanted{$1}\n";
			$found = 1;
		}
		$kept = substr($kept, -$longest) if length $kept > $longest;
	}
	close $file;
}

find({no_chdir => 1, wanted => sub { scan($_) if -f || -b }}, @paths);
exit $found;
