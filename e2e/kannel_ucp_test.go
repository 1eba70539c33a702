package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"kurir/simulator"
)

// kannelUCP is the group that connects Kannel to an SMSC on UCP.
func kannelUCP(addr, user, pass string) string {
	host, port, _ := strings.Cut(addr, ":")
	return fmt.Sprintf(`group = smsc
smsc = emi
smsc-id = kurir
host = %s
port = %s
smsc-username = %s
smsc-password = %s
keepalive = 1
window = 10
notification-pid = 0539
notification-addr = 6000
reconnect-delay = 1
`, host, port, user, pass)
}

// TestKannelSimulatorUCP: Kannel takes the simulator for an SMSC on UCP: messages, notifications, messages from phones.
func TestKannelSimulatorUCP(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{UCP: freeAddr(t)})
	addr, judge := tappedAs(t, "ucp", sim.UCPAddr(), true, false)
	mo, dlr := startHook(t), startHook(t)
	k := startKannel(t, kannelUCP(addr, "kurir", linkPass), mo.URL)
	eventually(t, "Kannel has logged in", func() bool { return sim.Stats().Binds == 1 })
	kannelExchange(t, k, sim, mo, dlr)
	if c := sim.Stats(); c.Retried != 0 || c.Malformed != 0 || c.Unexpected != 0 || c.BindsRefused != 0 {
		t.Errorf("the simulator counts %+v", c.Counts)
	}
	judge()
}

// kannelExchange has Kannel send to phones of the simulator over UCP, and phones write to Kannel.
func kannelExchange(t *testing.T, k *kannel, sim *simulator.Simulator, mo, dlr *hook) {
	t.Helper()
	for _, c := range []struct {
		to, text, from string
		want           []int
	}{
		{"46701000001", "ref-1 " + textMark + " åäö €[]{}", "46700000001", []int{1, 8}},
		{"46701099605", "ref-2 " + textMark, "46700000001", []int{2, 8}},
		{"46701000003", "ref-3 " + textMark + " Привет", "46700000001", []int{1, 8}},
		{"46701000004", "ref-4 " + textMark + strings.Repeat(" åäö 0123456789", 20), "46700000001", []int{1, 8}},
		{"46701000005", "ref-5 " + textMark, "Kannel", []int{1, 8}},
		{"46701099800", "ref-6 " + textMark, "46700000001", []int{1, 4, 8}},
		{"46701099006", "ref-7 " + textMark, "46700000001", []int{16}},
	} {
		more := url.Values{"dlr-mask": {"31"}, "dlr-url": {dlr.URL + "/?d=%d"}, "from": {c.from}}
		if strings.Contains(c.text, "Привет") {
			more["coding"] = []string{"2"}
		}
		if status, text := k.send(c.to, c.text, more); status != http.StatusAccepted {
			t.Fatalf("Kannel answers %d %q", status, text)
		}
		got := dlrs(t, dlr, len(c.want))
		slices.Sort(got) // Kannel makes its calls side by side
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: dlr values %v, want %v", c.to, got, c.want)
		}
		ph, _ := sim.Phone(c.to, 5)
		if slices.Contains(c.want, 1) && (len(ph.Texts) != 1 || ph.Texts[0].Text != c.text || ph.Texts[0].Peer != c.from) {
			t.Errorf("%s shows %+v, want %q", c.to, ph.Texts, c.text)
		}
	}
	for _, text := range []string{"in-1 " + textMark + " åäö", "in-2 " + textMark + " Привет"} {
		if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: text}); err != nil {
			t.Fatal(err)
		}
		c := receive(t, "an inbound message at Kannel's service", mo.calls)
		if got := c.Query.Get("text"); got != text && c.Query.Get("charset") == "UTF-8" {
			t.Errorf("Kannel hands on %q, want %q", got, text)
		}
		if strings.TrimPrefix(c.Query.Get("from"), "+") != "46701234567" {
			t.Errorf("Kannel hands on %s", c.Query.Encode())
		}
	}
}
