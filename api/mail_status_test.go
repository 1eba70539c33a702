package api

import (
	"errors"
	"net/textproto"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"

	"kurir/gateway"
)

// gathered gives the figures of one name by the value of their label.
func gathered(t *testing.T, of []prometheus.Collector, name string) map[string]float64 {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(of...)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if n := m.GetCounter().GetValue(); n > 0 {
				got[m.GetLabel()[0].GetValue()] = n
			}
		}
	}
	return got
}

// TestMailSeen: mails that were taken, and what was refused by its cause, are counted; while the server runs it says that it listens.
func TestMailSeen(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", nil)
	c := b.signedIn("acme")
	c.envelope("anna@example.se", "0701234567@sms.example.se")
	c.data("250", mailHello)
	c.envelope("anna@example.se", "0701234567@sms.example.se")
	c.data("554 5.6.0", "Subject: [at=99:99] Fire\n\nx")
	c.say("550 5.7.1", "MAIL FROM:<anna@other.se>")
	c.say("250", "MAIL FROM:<anna@example.se>")
	c.say("550 5.1.3", "RCPT TO:<hello@sms.example.se>")
	c.say("550 5.1.1", "RCPT TO:<rota.gap@sms.example.se>")
	v := *b.server.Seen()
	if want := (MailToPhones{Listening: true, Connections: 1, Accepted: 1, Refused: 1, Messages: 1}); v != want {
		t.Errorf("it is %+v, want %+v", v, want)
	}
	got := gathered(t, SMTPMetrics(b.server), "kurir_smtp_refusals_total")
	if got["permission"] != 1 || got["address"] != 2 || got["content"] != 1 || len(got) != 3 {
		t.Errorf("refused by cause: %v", got)
	}
	b.stop()
	if b.server.Seen().Listening {
		t.Error("it listens when it has stopped")
	}
}

// TestMailCauses: every reply has a cause.
func TestMailCauses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code     int
		enhanced string
		want     smtpCause
	}{
		{550, "5.7.1", causePermission},
		{538, "5.7.11", causePermission},
		{452, "4.7.1", causeLimit},
		{552, "5.3.4", causeLimit},
		{452, "4.5.3", causeLimit},
		{550, "5.1.2", causeAddress},
		{554, "5.6.0", causeContent},
		{554, "5.4.6", causeContent},
		{451, "4.3.0", causeLater},
		{421, "4.3.2", causeLater},
		{554, "5.0.0", causeOther},
	} {
		if got := smtpCauseOf(smtpRefuse(c.code, c.enhanced, "x")); got != c.want {
			t.Errorf("%d %s is of the cause %v, want %v", c.code, c.enhanced, got, c.want)
		}
	}
}

// TestMailOutSeen: mails to people are counted by what came of them.
func TestMailOutSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeMails{}
		m, told := startMailOut(t, f, mailSettingsOf())
		for _, fail := range []error{nil, errors.New("it broke"), &textproto.Error{Code: 450, Msg: "later"}} {
			f.fail = fail
			m.Deliver("acme", []*gateway.Item{mailItem(1, "anna@example.se")})
			<-told
		}
		synctest.Wait()
		if got := *m.Seen(); got != (MailToPeople{Sent: 1, Later: 2}) {
			t.Errorf("it is %+v", got)
		}
		if got := gathered(t, MailOutMetrics(m), "kurir_mail_out_total"); got["sent"] != 1 || got["later"] != 2 {
			t.Errorf("counted %v", got)
		}
	})
}

// TestMailReady: a server that is to take mails and does not listen is not ready.
func TestMailReady(t *testing.T) {
	t.Parallel()
	v := MailStatus{Phones: &MailToPhones{}}
	s := &httpServer{HTTPOptions: HTTPOptions{Ready: func() error { return nil }, Status: &Status{Mail: func() MailStatus { return v }}}}
	if err := s.ready(); !errors.Is(err, errNoMail) {
		t.Errorf("it is ready: %v", err)
	}
	v.Phones.Listening = true
	if err := s.ready(); err != nil || s.mailStatus().Phones == nil {
		t.Errorf("it is not ready: %v", err)
	}
	if v.Phones = nil; s.ready() != nil || s.mailStatus() != nil {
		t.Error("without mail there is something to say of it")
	}
}
