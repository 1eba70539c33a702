package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kurir/simulator"
)

// inbox lists the texts of messages from phones, sorted.
func inbox(s *server) []string {
	var page struct {
		Inbound []viewed `json:"inbound"`
	}
	s.fetch("/v1/inbound", &page)
	var texts []string
	for _, in := range page.Inbound {
		texts = append(texts, in.Text)
	}
	slices.Sort(texts)
	return texts
}

// TestModemLink: the whole program with a GSM modem on a pseudo-terminal, whose PIN it enters. It sends, gets status reports
// and messages from phones; the modem is pulled out and plugged in; the program is killed while messages lie on the SIM.
func TestModemLink(t *testing.T) {
	t.Parallel()
	sim, modem, _ := startModem(t, simulator.ModemOptions{PIN: "4711", Chatty: true})
	device := filepath.Join(t.TempDir(), "modem") // a name that stays when it is plugged in again
	plug := func() {
		modem.Unplug()
		if _, err := sim.AttachModem(modem, device); err != nil {
			t.Fatal(err)
		}
	}
	plug()
	s := startServer(t, nil, serverOptions{
		connectors: []string{fmt.Sprintf("{name: op1, kind: modem, modems: [{devices: [%q], pin: \"4711\", number: \"+%s\"}]}", device, modemNumber)},
	})
	long := "ref-2 " + textMark + strings.Repeat(" 0123456789", 30)
	for to, text := range map[string]string{"46701000001": "ref-1 " + textMark + " åäö€", "46701000002": long, "46701000003": "ref-3 " + textMark + " Привет"} {
		id := s.send("+"+to, text)
		s.becomes(id, "delivered")
		shows(t, sim, to, text)
	}
	s.becomes(s.send("+46701099603", "ref-4 "+textMark), "expired")

	write(t, sim, "in-1 "+textMark)
	eventually(t, "a message in the inbox", func() bool { return len(inbox(s)) == 1 })
	eventually(t, "an empty SIM", func() bool { n, _ := modem.Stored("SM"); return n == 0 })

	// Ended without a word while messages come in: what was not on disk lies on the SIM.
	for i := range 5 {
		write(t, sim, fmt.Sprintf("in-%d %s", 2+i, textMark))
	}
	s.proc.kill()
	for i := range 5 {
		write(t, sim, fmt.Sprintf("in-%d %s", 7+i, textMark))
	}
	s.start()
	eventually(t, "all messages in the inbox", func() bool { return len(slices.Compact(inbox(s))) == 11 })
	eventually(t, "an empty SIM", func() bool { n, _ := modem.Stored("SM"); return n == 0 })

	plug()
	s.becomes(s.send("+46701000005", "ref-5 "+textMark), "delivered")
	if tries := modem.PINTries(); tries != 3 {
		t.Errorf("%d tries for the PIN are left", tries)
	}
}
