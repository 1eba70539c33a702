#!/usr/bin/perl
# A program written for Kannel, made of Debian's NetSDS::Kannel, which speaks to Kannel over HTTP. Usage:
#   perl kannel.pl send SENDSMS_URL USER PASSWORD DLR_URL TO TEXT    sends a text with a report, a flash one in UCS-2, and one that is refused
#   perl kannel.pl report QUERY                                      says what it makes of the query of a report
#   perl kannel.pl admin ADMIN_URL PASSWORD SMSC                     reads the status, stops and starts an SMSC
# Each step is one line of output.
use strict;
use warnings;
use CGI;
use NetSDS::Kannel;

$| = 1;
my $what = shift @ARGV;
if ($what eq 'send') {
    my ($url, $user, $password, $dlr, $to, $text) = @ARGV;
    my $kannel = NetSDS::Kannel->new(sendsms_url => $url, sendsms_user => $user, sendsms_passwd => $password, default_smsc => '');
    my $send = sub { print "$_[0] ", $kannel->send(from => 'Perl', to => $to, @_[1 .. $#_]) // $kannel->errstr, "\n" };
    $send->('text', text => $text, dlr_url => $dlr, msgid => 'm-1');
    $send->('flash', text => $text, coding => 2, mclass => 0, validity => 10, priority => 2, meta => {source_port => 5});
    $send->('refused', text => $text, validity => 10, to => '');
} elsif ($what eq 'report') {
    my %dlr = NetSDS::Kannel->new()->receive_dlr(CGI->new($ARGV[0]));
    print join(' ', map { "$_=" . ($dlr{$_} // '') } sort keys %dlr), "\n";
} elsif ($what eq 'admin') {
    my ($url, $password, $smsc) = @ARGV;
    my $kannel = NetSDS::Kannel->new(admin_url => $url, admin_passwd => $password);
    my $status = $kannel->status() or die $kannel->errstr;
    my $first = $status->{smsc}[0];
    print "status $status->{status} sent $status->{sms}{sent_total} queued $status->{sms}{sent_queued} smsc $first->{id} $first->{status}\n";
    print 'stop ', $kannel->stop_smsc($smsc) // $kannel->errstr, "\n";
    print 'again ', $kannel->stop_smsc($smsc) // $kannel->errstr, "\n";
    print 'start ', $kannel->start_smsc($smsc) // $kannel->errstr, "\n";
    print 'unknown ', $kannel->start_smsc('zz') // $kannel->errstr, "\n";
} else {
    die "what is $what?";
}
