#!/usr/bin/perl
# simple.pl HOST PORT [CERT KEY [CA]]: a session of Net::EPP::Simple, an EPP
# client that others wrote, step by step.  It prints each step with its code
# and ends with 1 at the first surprise.  What it expects of the registry is
# in simple.lines, beside it; ID and PW may be given in the environment.
use strict;
use warnings;
use Net::EPP::Simple;
use Net::EPP::Frame;

my ($host, $port, $cert, $key, $ca) = @ARGV;
die "usage: simple.pl HOST PORT [CERT KEY [CA]]\n" unless $port;
my $id = $ENV{ID} // 'registrar';
my $password = $ENV{PW} // 'registrar-pw';
my $tag = sprintf('%x', $$);
my @contacts = ("SIM-$tag-A", "SIM-$tag-B");
my $domain = "simple-$tag.example.org";
my $foreign = 'foreign.example.org';
my $step = 'nothing';
my $epp;

sub surprise {
	my ($what) = @_;
	printf "%-36s %s\n", $step, $what;
	print STDERR "simple.pl: $step: $what\n";
	exit 1;
}

# step NAME CODE VALUE: the last answer's code has to be CODE.
sub step {
	my ($name, $code) = @_;
	$step = $name;
	my $got = Net::EPP::Simple::code() // 'none';
	surprise("$got, not $code: " . ($Net::EPP::Simple::Error // ''))
	    unless $got eq $code;
	printf "%-36s %s\n", $step, $got;
}

# is NAME GOT WANTED
sub is {
	my ($name, $got, $wanted) = @_;
	$got //= '(nothing)';
	$step = $name;
	surprise("\"$got\", not \"$wanted\"") unless $got eq $wanted;
}

sub person {
	my ($contact, $name) = @_;
	return {
		id => $contact,
		postalInfo => { int => {
			name => $name,
			org => 'Example Works',
			addr => {
				street => ['1 Example Street', 'Floor 2'],
				city => 'Himeji', sp => 'Hyogo',
				pc => '670-0001', cc => 'JP',
			},
		} },
		voice => '+81.792955353', fax => '+81.792955354',
		email => 'person@mail.example', authInfo => 'contact-auth-1',
	};
}

# ask FRAME CODE: a frame that Simple has no method for.
sub ask {
	my ($name, $frame, $code) = @_;
	my $answer = $epp->request($frame);
	$step = $name;
	surprise('no answer') unless $answer;
	my $got = $answer->code;
	surprise("$got, not $code: " . $answer->msg) unless $got eq $code;
	printf "%-36s %s\n", $step, $got;
	return $answer;
}

my %tls = $cert ? (cert => $cert, key => $key) : ();
%tls = (%tls, verify => 1, ca_file => $ca) if $ca;
$epp = Net::EPP::Simple->new(
	host => $host, port => $port, user => $id, pass => $password,
	load_config => 0, timeout => 20, reconnect => 1, %tls);
surprise('no session: ' . ($Net::EPP::Simple::Error // '')) unless $epp;
step('login', 1000);

is('the contact is free', $epp->check_contact($contacts[0]), 1);
step('check contact', 1000);
is('the domain is free', $epp->check_domain($domain), 1);
step('check domain', 1000);
$epp->create_contact(person($contacts[0], 'Taro Example'));
step('create contact', 1000);
$epp->create_contact(person($contacts[1], 'Hanako Example'));
step('create the other contact', 1000);
is('the contact is taken', $epp->check_contact($contacts[0]), 0);
$epp->create_contact(person($contacts[0], 'Taro Example'));
step('create contact again', 2302);

$epp->create_domain({
	name => $domain, period => 1, registrant => $contacts[0],
	contacts => { admin => $contacts[0], tech => $contacts[1],
		billing => $contacts[1] },
	authInfo => 'domain-auth-1',
});
step('create domain', 1000);
is('the domain is taken', $epp->check_domain($domain), 0);

my $info = $epp->contact_info($contacts[0]);
step('info contact', 1000);
is('the contact is ours', $info->{clID}, $info->{crID});
$info = $epp->domain_info($domain);
step('info domain', 1000);
is('its registrant', $info->{registrant}, $contacts[0]);
is('its admin', $info->{contacts}{admin}, $contacts[0]);
is('its tech', $info->{contacts}{tech}, $contacts[1]);
$epp->domain_info("no-$domain");
step('info of no domain', 2303);

$epp->update_contact({
	id => $contacts[1],
	chg => {
		postalInfo => { int => {
			name => 'Hanako Example-Sato', org => 'Example Works',
			addr => { street => ['2 Example Street'],
				city => 'Kobe', sp => 'Hyogo',
				pc => '650-0001', cc => 'JP' },
		} },
		voice => '+81.780000000', email => 'hanako@mail.example',
	},
});
step('update contact', 1000);
$epp->update_contact({ id => $contacts[1],
	add => { status => ['clientDeleteProhibited'] } });
step('update contact status', 1000);
$epp->update_domain({
	name => $domain,
	add => { contacts => { billing => $contacts[0] },
		status => ['clientTransferProhibited'] },
	rem => { contacts => { billing => $contacts[1] } },
	chg => { registrant => $contacts[1], authInfo => 'domain-auth-2' },
});
step('update domain', 1000);
$info = $epp->domain_info($domain);
step('info domain again', 1000);
is('its new registrant', $info->{registrant}, $contacts[1]);
is('its new billing', $info->{contacts}{billing}, $contacts[0]);
is('its status', join(',', @{ $info->{status} }), 'clientTransferProhibited');
$epp->renew_domain({ name => $domain, period => 1,
	cur_exp_date => substr($info->{exDate}, 0, 10) });
step('renew domain', 1000);

$epp->delete_contact($contacts[0]);
step('delete a linked contact', 2305);

my $transfer = $epp->domain_transfer_request($foreign, 'wrong-auth', 1);
step('transfer, wrong authInfo', 2202);
$transfer = $epp->domain_transfer_request($foreign, 'foreign-auth', 1);
step('transfer', 1001);
is('the transfer waits', $transfer->{trStatus}, 'pending');
$transfer = $epp->domain_transfer_query($foreign, 'foreign-auth');
step('transfer query', 1000);
$epp->domain_transfer_cancel($foreign);
step('transfer cancel', 1000);

my $poll = Net::EPP::Frame::Command::Poll::Req->new;
my $answer = ask('poll', $poll, 1301);
my $message = $answer->getNode('msgQ')->getAttribute('id');
my $ack = Net::EPP::Frame::Command::Poll::Ack->new;
$ack->setMsgID($message);
ask('poll ack', $ack, 1000);
ask('poll, nothing left', Net::EPP::Frame::Command::Poll::Req->new, 1300);

$epp->delete_domain($domain);
step('delete domain', 1000);
$epp->delete_contact($contacts[0]);
step('delete contact', 1000);
$epp->delete_contact($contacts[1]);
step('delete a protected contact', 2304);
$epp->update_contact({ id => $contacts[1],
	rem => { status => ['clientDeleteProhibited'] } });
step('update contact status again', 1000);
$epp->delete_contact($contacts[1]);
step('delete the other contact', 1000);
is('ping', $epp->ping, 1);
is('logout', $epp->logout, 1);
print "all as it should be\n";
