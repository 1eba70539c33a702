package e2e

import (
	"fmt"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kurir/simulator"
	"kurir/smpp"
)

// curl runs curl with arguments and returns the body of the answer.
func curl(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("curl", append([]string{"-sS", "--max-time", fmt.Sprint(patience.Seconds())}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("curl %q: %v\n%s", args, err, out)
	}
	return string(out)
}

var uuidPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

// TestJasmin: the examples of Jasmin's documentation, by curl, on ports of their own as Jasmin has them: what comes of each
// at the operator, and what is called.
func TestJasmin(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl is not installed")
	}
	api, rest := freeAddr(t), freeAddr(t)
	in := startHook(t)
	in.reply = "ACK/Jasmin"
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{
		link:    ", tlvs: {pass: [0x3000-0x3fff]}",
		more:    fmt.Sprintf("dialects: {jasmin: {listen: %q}, jasmin_rest: {listen: %q}}", api, rest),
		inbound: []string{fmt.Sprintf(`{to: "*", do: [{jasmin: %q}]}`, in.URL+"/mo")},
	})
	linked(t, sim)
	send := func(fields ...string) string {
		t.Helper()
		args := []string{"-G", "http://" + api + "/send"}
		for _, f := range append([]string{"username=" + account, "password=" + password}, fields...) {
			args = append(args, "--data-urlencode", f)
		}
		answer := curl(t, args...)
		if !regexp.MustCompile(`^Success "` + uuidPattern.String() + `"$`).MatchString(answer) {
			t.Fatalf("%q: %s", fields, answer)
		}
		return uuidPattern.FindString(answer)
	}
	basic := []string{"-u", account + ":" + password}

	if got := curl(t, "http://"+api+"/ping"); got != "Jasmin/PONG" {
		t.Errorf("/ping: %s", got)
	}
	if got := curl(t, "http://"+rest+"/ping"); got != `{"data": "Jasmin/PONG"}` {
		t.Errorf("/ping of REST: %s", got)
	}
	if got := curl(t, append(basic, "http://"+rest+"/secure/balance")...); got != `{"data": {"balance": "ND", "sms_count": "ND"}}` {
		t.Errorf("/secure/balance: %s", got)
	}
	if got := curl(t, append(basic, "http://"+rest+"/secure/rate?to=46701000000")...); got != `{"data": {"submit_sm_count": 1, "unit_rate": 0.0}}` {
		t.Errorf("/secure/rate: %s", got)
	}

	// What each argument is at the operator.
	dlr := startHook(t)
	dlr.reply = "ACK/Jasmin"
	id := send("to=46701000001", "from=Jookies", "content=ref-1 "+textMark, "priority=3", "validity-period=60",
		"dlr=yes", "dlr-url="+dlr.URL+"/dlr", "dlr-level=3", `custom_tlvs=[[12288,null,"COctetString","billing"]]`)
	send("to=46701000002", "hex-content=0623063106460628", "coding=8")
	send("to=46701000003", "hex-content=00ff", "coding=4")
	send("to=46701000004", "content=x "+textMark, "sdt=000000000001000R")
	send("to=46701000005", "content="+strings.Repeat("long "+textMark+" ", 20))
	curl(t, "-H", "Content-Type: application/json", "-d", fmt.Sprintf(`{"username": %q, "password": %q, "to": 46701000006, "content": "JSON %s", "custom_tlvs": {"0x3001:Int2": 5}}`, account, password, textMark), "http://"+api+"/send")
	body := curl(t, append(basic, "-d", `{"to": 46701000007, "from": "Jookies", "content": "`+textMark+`", "dlr": "yes", "dlr-url": "`+dlr.URL+`/rest", "dlr-level": 2, "dlr-method": "GET"}`, "http://"+rest+"/secure/send")...)
	if !regexp.MustCompile(`^\{"data": "Success \\"` + uuidPattern.String() + `\\""\}$`).MatchString(body) {
		t.Errorf("/secure/send: %s", body)
	}
	batch := startHook(t)
	body = curl(t, append(basic, "-d", `{"batch_config": {"callback_url": "`+batch.URL+`/good", "errback_url": "`+batch.URL+`/bad"}, "globals": {"from": "Brand2"},
		"messages": [{"to": ["46701000008", "46701000009"], "content": "batch `+textMark+`"}, {"to": "0", "content": "`+textMark+`"}]}`, "http://"+rest+"/secure/sendbatch")...)
	if !regexp.MustCompile(`^\{"data": \{"batchId": "` + uuidPattern.String() + `", "messageCount": 3\}\}$`).MatchString(body) {
		t.Errorf("/secure/sendbatch: %s", body)
	}
	for i, want := range []string{"/good 1 46701000008", "/good 1 46701000009", "/bad 0 0"} {
		c := receive(t, "a callback of the batch", batch.calls)
		if got := c.Path + " " + c.Query.Get("status") + " " + c.Query.Get("to"); got != want || c.Query.Get("batchId") != uuidPattern.FindString(body) {
			t.Errorf("callback %d: %s %v, want %s", i, c.Path, c.Query, want)
		}
	}

	// Receipts, and what the ids lead to. Those of one message are in order, and of two come side by side.
	said := map[string][]string{}
	for range 3 {
		c := receive(t, "dlr-url", dlr.calls)
		v := c.Query
		if c.Path == "/dlr" {
			v, _ = url.ParseQuery(string(c.Body))
		}
		at := c.Method + " " + c.Path
		said[at] = append(said[at], v.Get("level")+" "+v.Get("message_status"))
		if c.Header.Get("User-Agent") != "Jasmin gateway/1.0 DLRThrower" || c.Path == "/dlr" && v.Get("id") != id || v.Get("connector") != "op1" {
			t.Errorf("%s: %v %v, of %s", at, c.Header, v, id)
		}
	}
	if !slices.Equal(said["POST /dlr"], []string{"1 ESME_ROK", "2 DELIVRD"}) || !slices.Equal(said["GET /rest"], []string{"2 DELIVRD"}) {
		t.Errorf("receipts: %v", said)
	}
	s.becomes(s.message(id).ID, "delivered")

	got := map[string]simulator.Message{}
	eventually(t, "nine messages at the operator", func() bool {
		for _, m := range sim.Messages(simulator.Filter{}) {
			got[m.To[0].Addr] = m
		}
		return len(got) == 9
	})
	for to, good := range map[string]func(m simulator.Message) bool{
		"46701000001": func(m simulator.Message) bool {
			return m.From.Addr == "Jookies" && m.Text == "ref-1 "+textMark && m.Priority == 2 && m.Validity != "" && m.RegisteredDelivery == 17 &&
				len(m.TLVs) == 1 && m.TLVs[0].Tag == 0x3000 && string(m.TLVs[0].Value) == "billing\x00"
		},
		"46701000002": func(m simulator.Message) bool {
			return m.DataCoding == 8 && m.Text == "أرنب" && m.From.Addr == "Kurir"
		},
		"46701000003": func(m simulator.Message) bool { return m.DataCoding == 4 && string(m.Octets) == "\x00\xff" },
		"46701000004": func(m simulator.Message) bool { return m.RegisteredDelivery == 0 },
		"46701000005": func(m simulator.Message) bool { return m.Part != nil && m.Part.Total > 1 },
		"46701000006": func(m simulator.Message) bool {
			return len(m.TLVs) == 1 && smpp.Tag(m.TLVs[0].Tag) == 0x3001 && string(m.TLVs[0].Value) == "\x00\x05"
		},
		"46701000008": func(m simulator.Message) bool { return m.From.Addr == "Brand2" },
	} {
		if m := got[to]; !good(m) {
			t.Errorf("%s: %+v", to, m)
		}
	}

	// An inbound message.
	if err := sim.Inject(simulator.Inbound{From: "46701000001", To: service[1:], Text: "hej " + textMark}); err != nil {
		t.Fatal(err)
	}
	c := receive(t, "the inbound message", in.calls)
	v, err := url.ParseQuery(string(c.Body))
	if err != nil || v.Get("from") != "+46701000001" || v.Get("to") != service || v.Get("content") != "hej "+textMark || v.Get("coding") != "0" ||
		v.Get("origin-connector") != "op1" || !uuidPattern.MatchString(v.Get("id")) || c.Header.Get("User-Agent") != "Jasmin gateway/1.0 deliverSmHttpThrower" {
		t.Errorf("%s %v %v", c.Path, c.Header, v)
	}
	if text := curl(t, "http://"+api+"/metrics"); !strings.Contains(text, "\nhttpapi_success_count 9\n") || !strings.Contains(text, `smppc_submit_sm_count{cid="op1"}`) {
		t.Errorf("/metrics:\n%s", text)
	}
}
