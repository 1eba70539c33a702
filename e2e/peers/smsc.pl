#!/usr/bin/perl
# An SMSC made of Net::SMPP, for one connection. Usage: perl smsc.pl PORT.
# It takes the bind and every submit_sm, sends a receipt for each and one message from a phone, and says what came.
use strict;
use warnings;
use Net::SMPP;

$| = 1;
my $listener = Net::SMPP->new_listen('127.0.0.1', port => $ARGV[0]) or die "listen: $!";
print "listening\n";
my $smpp = $listener->accept() or die "accept: $!";
my ($last, $greeted) = (1000, 0);
while (my $pdu = $smpp->read_pdu()) {
    my $cmd = $pdu->{cmd};
    if ($cmd == 0x00000009) {
        $smpp->set_version(0x34);
        $smpp->bind_transceiver_resp(system_id => 'perl', seq => $pdu->{seq});
        printf "bound %s version %x\n", $pdu->{system_id}, $pdu->{interface_version};
    } elsif ($cmd == 0x00000015) {
        $smpp->enquire_link_resp(seq => $pdu->{seq});
        print "enquire_link\n";
    } elsif ($cmd == 0x00000004) {
        my $id = ++$last;
        $smpp->submit_sm_resp(message_id => $id, seq => $pdu->{seq});
        print "submit_sm $pdu->{source_addr} $pdu->{destination_addr} $pdu->{esm_class} $pdu->{data_coding} $pdu->{short_message}\n";
        # async sends without waiting for the answer, which is read above.
        $smpp->deliver_sm(async => 1, seq => $id, source_addr_ton => 1, source_addr_npi => 1, source_addr => $pdu->{destination_addr},
            destination_addr => $pdu->{source_addr}, esm_class => 4, data_coding => 0,
            short_message => "id:$id sub:001 dlvrd:001 submit date:2611050830 done date:2611050831 stat:DELIVRD err:000 text:");
        if (!$greeted++) {
            $smpp->deliver_sm(async => 1, seq => 5000, source_addr_ton => 1, source_addr_npi => 1, source_addr => '46701234567',
                dest_addr_ton => 1, dest_addr_npi => 1, destination_addr => '46737494949', esm_class => 0, data_coding => 0,
                short_message => 'in-perl Kvittra');
        }
    } elsif ($cmd == 0x80000005) {
        printf "acknowledged %d\n", $pdu->{status};
    } elsif ($cmd == 0x00000006) {
        $smpp->unbind_resp(seq => $pdu->{seq});
        print "unbound\n";
        last;
    } else {
        printf "other %08x\n", $cmd;
    }
}
