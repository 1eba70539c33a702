package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// modemLink is a connector to a simulated modem.
func modemLink(device, more string) string {
	return fmt.Sprintf("{name: gsm, kind: modem, modems: [{devices: [%q], number: \"+%s\"}], check: 1s%s}", device, modemNumber, more)
}

// linkView is what a test reads of a link.
type linkView struct {
	State    string `json:"state"`
	Sessions []struct {
		State string `json:"state"`
		Modem *struct {
			IMEI      string `json:"imei"`
			Number    string `json:"number"`
			Signal    int    `json:"signal_dbm"`
			SentToday int    `json:"sent_today"`
		} `json:"modem"`
	} `json:"sessions"`
}

// linkOf reads a link of a server.
func (s *server) linkOf(name string) (l linkView) {
	s.t.Helper()
	s.fetch("/v1/links/"+name, &l)
	return l
}

// TestModemFallback: while the operator's link is down messages take the modem, whatever sender they have; the phone's answer to
// the SIM's number is tied to the message. The modem shows in the link, in metrics and under a USSD request; without
// coverage it is an alarm, by webhook and by mail, which ends when there is some again.
func TestModemFallback(t *testing.T) {
	t.Parallel()
	sim, modem, device := startModem(t, simulator.ModemOptions{})
	h, post := startHook(t), startMailHook(t)
	s := startServer(t, sim, serverOptions{
		connectors: []string{linkTo("op1", freeAddr(t), ", fallback_wait: 1s"), modemLink(device, ", calls: call")},
		routes:     []string{`{to: "*", via: [op1, gsm]}`},
		account:    `, admin: true, webhook: "` + h.URL + `/in"`,
		more: `alarms: {link_down: 5s, off: [link_down], webhook: "` + h.URL + `/alarm", mail: {server: "` + post.Addr + `", tls: none, ` +
			`from: kurir@example.se, to: [duty@example.se, boss@example.se]}}`,
	})
	eventually(t, "the modem is ready", func() bool { return s.linkOf("gsm").State == "up" })
	long := textMark + strings.Repeat(" åäö 0123456789", 20)
	id := s.send("+46701234567", long, "from", "HOSPITAL")
	if got := s.becomes(id, "delivered"); got.State != "delivered" {
		t.Fatalf("it is %s", got.State)
	}
	shows(t, sim, "46701234567", long)
	write(t, sim, textMark+" on my way")
	answer := receiveCall(t, h, "/in", "on my way")
	if !strings.Contains(answer, `"answers":"`+id+`"`) {
		t.Errorf("the answer is %s; want one to %s", answer, id)
	}
	modem.Ring("+46701234567", 1)
	receiveCall(t, h, "/in", `"call"`)

	l := s.linkOf("gsm")
	if len(l.Sessions) != 1 || l.Sessions[0].Modem == nil || l.Sessions[0].Modem.IMEI == "" || l.Sessions[0].Modem.Number != "+"+modemNumber || l.Sessions[0].Modem.SentToday < 2 {
		t.Errorf("the link shows %+v", l)
	}
	if v := s.metric(`kurir_modem_registered{link="gsm",modem="1"}`); v != 1 {
		t.Errorf("kurir_modem_registered is %v", v)
	}
	if out, code := run(t, ours, s.dir, s.binary, "link", "ussd", "gsm", "*100#", "--server", s.base, "--key", apiKey); code != 0 || !strings.Contains(out, "Balance after *100#: 100 kr") {
		t.Errorf("ussd: %d, %s", code, out)
	}
	if out, code := run(t, ours, s.dir, s.binary, "link", "test", "gsm", "--server", s.base, "--key", apiKey); code != 0 || !strings.Contains(out, "network") {
		t.Errorf("test: %d, %s", code, out)
	}

	modem.SetNetwork(2, 99)
	if a := receiveCall(t, h, "/alarm", `"about":"gsm 1"`); !strings.Contains(a, "alarm.began") {
		t.Errorf("the alarm is %s", a)
	}
	if m := post.receive(t, "no network"); m.From != "kurir@example.se" || !slices.Equal(m.To, []string{"duty@example.se", "boss@example.se"}) ||
		!strings.Contains(m.Data, "\r\nAuto-Submitted: auto-generated\r\n") {
		t.Errorf("the mail is %+v", m)
	}
	modem.SetNetwork(1, 20)
	eventually(t, "the alarm is over", func() bool { // which is told when it has not come back for ten minutes
		_, events := s.get("/v1/alarms/events?kind=modem&state=over")
		return strings.Contains(events, `"about":"gsm 1"`)
	})
}

// receiveCall waits for a call to a path whose body has a text.
func receiveCall(t *testing.T, h *hook, path, text string) string {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case c := <-h.calls:
			if c.Path == path && strings.Contains(string(c.Body), text) {
				return string(c.Body)
			}
		case <-limit:
			t.Fatalf("no call of %s with %q", path, text)
		}
	}
}

// TestModemKills: the program is killed again and again while phones write to the SIM and messages go out by it: every
// text is in the inbox, and every message has reached its phone.
func TestModemKills(t *testing.T) {
	t.Parallel()
	sim, _, device := startModem(t, simulator.ModemOptions{Delay: 5 * time.Millisecond})
	random := faults(t)
	s := startServer(t, sim, serverOptions{connectors: []string{modemLink(device, "")}, routes: []string{`{to: "*", via: [gsm]}`}, account: ", admin: true"})
	const rounds = 12
	want := map[string]bool{}
	var ids []string
	for i := range rounds {
		eventually(t, "the modem is ready", func() bool { return s.linkOf("gsm").State == "up" })
		for n := range 4 {
			text := fmt.Sprintf("%s in-%d-%d.", textMark, i, n)
			want[text] = true
			write(t, sim, text)
		}
		for n := range 3 {
			ids = append(ids, s.send(fmt.Sprintf("+4670123%04d", 10*i+n), fmt.Sprintf("%s out-%d-%d", textMark, i, n)))
		}
		pause := time.NewTimer(time.Duration(random.IntN(400)) * time.Millisecond) // somewhere in the dialogue
		<-pause.C
		s.proc.kill()
		s.start()
	}
	t.Cleanup(func() {
		for _, id := range ids {
			if t.Failed() && s.message(id).State != "delivered" {
				told, _ := s.trace(id)
				t.Logf("%s: %s", id, told)
			}
		}
	})
	for _, id := range ids {
		s.becomes(id, "delivered")
	}
	eventually(t, "every text is in the inbox", func() bool {
		var page struct {
			Inbound []struct {
				Text string `json:"text"`
			} `json:"inbound"`
		}
		s.fetch("/v1/inbound?limit=1000", &page)
		have := map[string]int{}
		for _, in := range page.Inbound {
			have[in.Text]++
		}
		for text := range want {
			if have[text] == 0 {
				return false
			}
		}
		return true
	})
}
