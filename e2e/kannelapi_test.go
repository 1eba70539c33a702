package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"kurir/simulator"
)

// TestSendsms: a program written for Kannel sends by /cgi-bin/sendsms and is called back at its dlr-url.
func TestSendsms(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)

	var hooks []*hook
	for _, c := range []struct {
		name, to, mask string
		want           []int // values of %d, in order
	}{
		{"all", "+46701000001", "31", []int{8, 1}},
		{"final only", "+46701000002", "3", []int{1}},
		{"delivered only", "+46701000003", "1", []int{1}},
		{"failed", "+46701099605", "31", []int{8, 2}},
		{"refused by the operator", "+46701099011", "31", []int{16}},
		{"refused, asked for failures only", "+46702099011", "2", []int{16}},
		{"phone off for 2 s", "+46702099800", "27", []int{8, 1}},
		{"receipt before the answer", "+46701099501", "31", []int{8, 1}},
	} {
		h := startHook(t)
		dlr := h.URL + "/" + url.PathEscape(c.name) + "?d=%d&to=%p&from=%P&a=%A&F=%F"
		status, text := s.sendsms(url.Values{"to": {c.to}, "text": {"ref " + textMark}, "dlr-mask": {c.mask}, "dlr-url": {dlr}})
		if status != http.StatusAccepted || text != "0: Accepted for delivery" {
			t.Fatalf("%s: %d %q", c.name, status, text)
		}
		var got []int
		for range c.want {
			call := receive(t, "dlr-url of "+c.name, h.calls)
			d, err := strconv.Atoi(call.Query.Get("d"))
			if err != nil || call.Path != "/"+c.name || call.Method != http.MethodGet {
				t.Errorf("%s: called %s %s?%s", c.name, call.Method, call.Path, call.Query.Encode())
			}
			if to := call.Query.Get("to"); to != c.to {
				t.Errorf("%s: %%p is %q, want %q", c.name, to, c.to)
			}
			if from := call.Query.Get("from"); from != "Kurir" {
				t.Errorf("%s: %%P is %q, want Kurir", c.name, from)
			}
			got = append(got, d)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: values %v, want %v", c.name, got, c.want)
		}
		hooks = append(hooks, h)
	}
	s.proc.stop()
	for i, h := range hooks {
		if len(h.calls) > 0 {
			t.Errorf("hook %d was called again, with %v", i, (<-h.calls).Query)
		}
	}
}

// TestSendsmsRefusals: the words by which programs written for Kannel know what is wrong.
func TestSendsmsRefusals(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{
		accounts: []string{`{name: poor, password: ` + secretMark + `poor}`},
		routes:   []string{`{to: "+46*", via: [op1]}`},
	})
	ok := func(more url.Values) url.Values {
		v := url.Values{"to": {"+46701000001"}, "text": {textMark}}
		for name, value := range more {
			v[name] = value
		}
		return v
	}
	for _, c := range []struct {
		name   string
		values url.Values
		status int
		text   string
	}{
		{"no receiver", url.Values{"text": {textMark}}, 400, "Missing receiver number, rejected"},
		{"empty receiver", ok(url.Values{"to": {""}}), 400, "Empty receiver number not allowed, rejected"},
		{"wrong password", ok(url.Values{"password": {"x"}}), 403, "Authorization failed for sendsms"},
		{"no sender", ok(url.Values{"username": {"poor"}, "password": {secretMark + "poor"}}), 400, "Sender missing and no global set, rejected"},
		{"udh", ok(url.Values{"udh": {"\x05\x00"}}), 400, "UDH field misformed, rejected"},
		{"dlr-url", ok(url.Values{"dlr-url": {"ftp://x.example"}, "dlr-mask": {"31"}}), 400, "DLR-URL field misformed, rejected"},
		{"dlr-mask", ok(url.Values{"dlr-mask": {"64"}}), 400, "DLR-Mask field misformed, rejected"},
		{"mclass", ok(url.Values{"mclass": {"4"}}), 400, "MClass field misformed, rejected"},
		{"coding", ok(url.Values{"coding": {"3"}}), 400, "Coding field misformed, rejected"},
		{"validity", ok(url.Values{"validity": {"x"}}), 400, "Validity field misformed, rejected"},
		{"deferred", ok(url.Values{"deferred": {"-2"}}), 400, "Deferred field misformed, rejected"},
		{"priority", ok(url.Values{"priority": {"4"}}), 400, "Priority field misformed, rejected"},
		{"no route", ok(url.Values{"to": {"+4512345678"}}), 403, "Not routable. Do not try again."},
	} {
		if status, text := s.sendsms(c.values); status != c.status || text != c.text {
			t.Errorf("%s: %d %q, want %d %q", c.name, status, text, c.status, c.text)
		}
	}
	if status, text := s.get("/cgi-bin/other"); status != 404 || text != "Unknown request." {
		t.Errorf("another path: %d %q", status, text)
	}
	if n := sim.Stats().Submitted; n != 0 {
		t.Errorf("%d messages went out", n)
	}
}
