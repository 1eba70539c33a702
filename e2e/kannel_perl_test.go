package e2e

import (
	"fmt"
	"strings"
	"testing"

	"kurir/simulator"
)

// TestPerlKannel: a program written for Kannel with Debian's NetSDS::Kannel sends, reads its reports and administrates.
func TestPerlKannel(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{more: fmt.Sprintf("dialects: {kannel_admin_password: %s}\n", secretMark)})
	linked(t, sim)
	h := startHook(t)
	text := "Hej då & 100 % " + textMark
	p := perl(t, "NetSDS::Kannel", "kannel.pl", "send", "http://"+s.http+"/cgi-bin/sendsms", account, password, h.URL+"/dlr", "46701000001", text)
	p.out.wait(t, `text 0: Accepted for delivery\nflash 0: Accepted for delivery\nrefused 400 Bad Request\n`)
	report := receive(t, "the report", h.calls)
	r := perl(t, "NetSDS::Kannel", "kannel.pl", "report", report.Query.Encode())
	r.out.wait(t, `dlr_msg=id:\S+ sub:001 dlvrd:001 .*stat:DELIVRD.* dlr_state=1 from=\+46701000001 msgid=m-1 smsc= smsid=\S+ time=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d to=Perl type=dlr unixtime=\d{10}\n`)
	eventually(t, "both texts are at the phone", func() bool {
		phone, _ := sim.Phone("46701000001", 5)
		return len(phone.Texts) == 2 && phone.Texts[0].Text == text && phone.Texts[1].Text == text
	})
	s.over(2) // the status counts what the operator has answered, which is later than that
	a := perl(t, "NetSDS::Kannel", "kannel.pl", "admin", "http://"+s.http+"/kannel/", secretMark, "op1")
	a.out.wait(t, `status running sent 2 queued 0 smsc op1 online\n`+
		"stop SMSC `op1' shut down\nagain [^\n]*\nstart SMSC `op1' re-started\nunknown Could not re-start smsc-id `zz'\n")
	for _, p := range []*process{p, r, a} {
		if code := p.ended(); code != 0 {
			t.Errorf("exit code %d: %s", code, strings.TrimSpace(p.out.String()))
		}
	}
}
