package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// Whatever way an address of ours, of our networks, or of a cloud's metadata is
// written, it is none that a request may name.
func TestGuardRefusesOurs(t *testing.T) {
	t.Parallel()
	g := NewGuard()
	for _, host := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "[::]", "[::1]", "10.0.0.1", "172.16.0.1", "192.168.255.255", "100.127.0.1",
		"[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:0.0.0.0]", "[::ffff:a9fe:a9fe]", // IPv4-mapped (RFC 4291 2.5.5.2)
		"[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[64:ff9b:1::a00:1]", // NAT64 (RFC 6052, RFC 8215)
		"[2002:a9fe:a9fe::1]", "[2001:0:7f00:1::1]", // 6to4, Teredo
		"169.254.169.254", "169.254.170.2", "[fe80::a9fe:a9fe]", "[fd00:ec2::254]", "[fd20:ce::254]", "100.100.100.200", "192.0.0.192", // metadata of clouds
		"[::ffff:0:127.0.0.1]", "[::ffff:0:a9fe:a9fe]", // IPv4-translated (RFC 2765)
		"[3fff::1]", "[3fff:fff::1]", "[5f00::1]", "192.88.99.1", // RFC 9637, RFC 9602, RFC 7526
		"[100:0:0:1::1]", "[4000::1]", "[200::1]", "[2001:db8::1]", "[2001:2::1]", "[fec0::1]", // RFC 9780, not given out, reserved
		"[ff02::1]", "224.0.0.251", "255.255.255.255", "240.0.0.1",
	} {
		if err := g.Check("http://" + host + ":80/latest/meta-data"); err == nil {
			t.Errorf("%s may be called", host)
		}
	}
}

// Neighbours of what is refused are public.
func TestGuardPermitsPublic(t *testing.T) {
	t.Parallel()
	g := NewGuard()
	for _, host := range []string{"192.88.98.255", "192.88.100.1", "192.31.196.1", "[2001:4860:4860::8888]", "[2003::1]", "[2a00:1450::1]", "[2620:4f:8000::1]", "[3ffe::1]", "[2c0f::1]"} {
		if err := g.Check("http://" + host + "/"); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// A space in an address does not end the request line.
func TestCallOfSpace(t *testing.T) {
	t.Parallel()
	u, err := parseCallURL("http://h/a b?c d&e=f g")
	if err != nil || u.RequestURI() != "/a%20b?c%20d&e=f%20g" {
		t.Errorf("%v %v", u, err)
	}
}

// An address that can never be called is given up at once, whoever it was to be
// called for, and the trace says why.
func TestNeverCallable(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://8.8.8.8%40127.0.0.1/x", "http://127.0.0.1%00.example.com/", "http://h/%zz", "http://h:65536/", "ftp://h/", "http://127.0.0.1/\r\nX: y"} {
		for _, kind := range []message.TargetKind{message.WebhookTarget, message.KannelTarget} {
			if d := deliverTo(t, kind, loopback(), address); d.Verdict != gateway.GiveUp || !strings.Contains(d.Text, "can never be called") {
				t.Errorf("%s %s: %+v", kind, address, d)
			}
		}
		twilio := &account.Account{Name: "acme", Twilio: account.Twilio{AccountSID: twilioTestSID}}
		for _, r := range []struct {
			tell func(*gateway.Item) gateway.Delivered
			item *gateway.Item
		}{
			{NewJasminCallback(JasminOptions{Guard: loopback()}).tell, stateItem(testMessage(), message.JasminTarget, address, 3)},
			{NewTwilioCallback(TwilioOptions{Guard: loopback(), Account: func(string) *account.Account { return twilio }}).tell, stateItem(testMessage(), message.TwilioTarget, address, 0)},
			{NewKannelService(KannelServiceOptions{KannelOptions: KannelOptions{Guard: loopback()}}).tell, serviceItem(t, fmt.Sprintf(`{"get_url":%q}`, strings.ReplaceAll(address, "%", "%%")), 0, nil)},
		} {
			if d := r.tell(r.item); d.Verdict != gateway.GiveUp || !strings.Contains(d.Text, "can never be called") {
				t.Errorf("%s %s: %+v", r.item.Target.Kind, address, d)
			}
		}
	}
}

// What is connected to is looked at, however it was written or resolved: 0.0.0.0
// would reach this very server.
func TestGuardLooksAtConnection(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	port := h.URL[strings.LastIndexByte(h.URL, ':'):]
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]"} {
		for _, kind := range []message.TargetKind{message.WebhookTarget, message.KannelTarget} {
			d := deliverTo(t, kind, NewGuard(), "http://"+host+port+"/x")
			if d.Verdict != gateway.TryLater || d.Code != 0 || !strings.Contains(d.Text, "webhooks.allow") {
				t.Errorf("%s %s: %+v", kind, host, d)
			}
		}
	}
	if len(h.targets) != 0 {
		t.Errorf("it was called: %q", h.targets)
	}
}

// No redirect is followed, by whatever status and wherever it leads.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := newHook(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		h := newHook(t)
		h.answer = func(w http.ResponseWriter, r *http.Request, _ []byte) {
			to := elsewhere.URL + "/secrets"
			if r.URL.Path == "/self" {
				to = "/other"
			}
			http.Redirect(w, r, to, status)
		}
		for _, kind := range []message.TargetKind{message.WebhookTarget, message.KannelTarget} {
			for _, path := range []string{"/self", "/away"} {
				d := deliverTo(t, kind, loopback(), h.URL+path)
				if d.Verdict != gateway.TryLater || int(d.Code) != status || !strings.Contains(d.Text, "redirect") {
					t.Errorf("%s %d: %+v", kind, status, d)
				}
			}
		}
		if len(h.targets) != 4 {
			t.Errorf("%d: %q were called", status, h.targets)
		}
	}
	if len(elsewhere.targets) != 0 {
		t.Errorf("redirects were followed: %q", elsewhere.targets)
	}
}

// deliverTo makes one call, past the check of addresses that requests name.
func deliverTo(t *testing.T, kind message.TargetKind, g *Guard, address string) gateway.Delivered {
	t.Helper()
	item := stateItem(testMessage(), kind, address, 31)
	if kind == message.WebhookTarget {
		return deliverOne(t, WebhookOptions{Guard: g}, item)[0]
	}
	told := make(chan gateway.Delivered, 1)
	k := NewKannelCallback(KannelOptions{Guard: g, Told: func(list []gateway.Delivered) { told <- list[0] }})
	defer k.Close()
	k.Deliver("acme", []*gateway.Item{item})
	return <-told
}
