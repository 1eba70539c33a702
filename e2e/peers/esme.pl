#!/usr/bin/perl
# An ESME made of Net::SMPP. Usage: perl esme.pl PORT SYSTEM_ID PASSWORD TO TEXT.
# It binds as transceiver, asks whether the link lives, submits one text with receipt, waits for the receipt and for
# one message from a phone, asks for the state of its message, sends one long text in message_payload, and unbinds. Each step is one line of output.
use strict;
use warnings;
use Net::SMPP;

$| = 1;
my ($port, $system_id, $password, $to, $text) = @ARGV;
my ($smpp, $resp) = Net::SMPP->new_transceiver('127.0.0.1', port => $port, system_id => $system_id, password => $password,
    interface_version => 0x34) or die "bind: $!";
die "bind: status $resp->{status}" if $resp->{status};
print "bound $resp->{system_id}\n";

$resp = $smpp->enquire_link() or die 'enquire_link';
print "enquire_link $resp->{status}\n";

$resp = $smpp->submit_sm(source_addr_ton => 5, source_addr_npi => 0, source_addr => 'Perl', dest_addr_ton => 1, dest_addr_npi => 1,
    destination_addr => $to, registered_delivery => 1, data_coding => 0, short_message => $text) or die 'submit_sm';
die "submit_sm: status $resp->{status}" if $resp->{status};
my $id = $resp->{message_id};
print "submitted $id\n";

my $left = 2;
while ($left > 0) {
    my $pdu = $smpp->read_pdu() or die 'the connection is gone';
    if ($pdu->{cmd} == 0x00000005) {
        $smpp->deliver_sm_resp(seq => $pdu->{seq}, message_id => '');
        print "deliver_sm $pdu->{esm_class} $pdu->{source_addr} $pdu->{destination_addr} $pdu->{short_message}\n";
        $left--;
    } elsif ($pdu->{cmd} == 0x00000015) {
        $smpp->enquire_link_resp(seq => $pdu->{seq});
    }
}

$resp = $smpp->query_sm(message_id => $id, source_addr_ton => 5, source_addr_npi => 0, source_addr => 'Perl') or die 'query_sm';
printf "query_sm %d state %d\n", $resp->{status}, $resp->{message_state};
$resp = $smpp->submit_sm(source_addr_ton => 5, source_addr_npi => 0, source_addr => 'Perl', dest_addr_ton => 1, dest_addr_npi => 1,
    destination_addr => $to, registered_delivery => 1, data_coding => 0, short_message => '', message_payload => "$text " x 30) or die 'submit_sm';
die "long text: status $resp->{status}" if $resp->{status};
print "long $resp->{message_id}\n";
while (my $pdu = $smpp->read_pdu()) {
    if ($pdu->{cmd} == 0x00000005) {
        $smpp->deliver_sm_resp(seq => $pdu->{seq}, message_id => '');
        print "deliver_sm $pdu->{esm_class} $pdu->{source_addr} $pdu->{destination_addr} $pdu->{short_message}\nquery again\n";
        last;
    } elsif ($pdu->{cmd} == 0x00000015) {
        $smpp->enquire_link_resp(seq => $pdu->{seq});
    }
}

$resp = $smpp->unbind() or die 'unbind';
print "unbound $resp->{status}\n";
