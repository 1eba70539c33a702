package simulator

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kurir/smpp"
)

// server is a simulator behind a prefix, as the demonstration mounts it, with one transceiver bound over loopback.
func server(t *testing.T, opt Options) (*Simulator, *httptest.Server, net.Conn) {
	t.Helper()
	opt.SMPP = "127.0.0.1:0"
	s := New(opt)
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	mux := http.NewServeMux()
	mux.Handle("/phones/", http.StripPrefix("/phones", s.Handler()))
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	put(t, conn, &smpp.Bind{SystemID: "esme", Version: smpp.Version34})
	return s, web, conn
}

// put sends a request and waits for its answer; receipts that come meanwhile are not answered.
func put(t *testing.T, conn net.Conn, body smpp.Body) {
	t.Helper()
	frame, err := smpp.Append(nil, &smpp.PDU{Sequence: 7, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(frame); err != nil {
		t.Fatal(err)
	}
	for head := make([]byte, smpp.HeaderLen); ; {
		if _, err := io.ReadFull(conn, head); err != nil {
			t.Fatal(err)
		}
		h := smpp.ParseHeader(head)
		if _, err := io.CopyN(io.Discard, conn, int64(h.Length-smpp.HeaderLen)); err != nil {
			t.Fatal(err)
		}
		if h.Command == body.Command().Response() {
			return
		}
	}
}

// ask makes one request and gives status and body.
func ask(t *testing.T, web *httptest.Server, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, web.URL+"/phones/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := web.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("%s: policy %q", path, policy)
	}
	return resp.StatusCode, string(b)
}

// TestAPI walks through the API as a test script would.
func TestAPI(t *testing.T) {
	t.Parallel()
	_, web, conn := server(t, Options{References: ReferencesWord})
	for _, words := range []string{"ref-1 hello", "ref-2 hello", "ref-2 again"} {
		put(t, conn, text("46701234567", words))
	}
	for _, test := range []struct {
		method, path, body string
		status             int
		holds              string // in the answer
	}{
		{"GET", "", "", 200, "<title>Phones"},
		{"GET", "phones.js", "", 200, "EventSource"},
		{"GET", "style.css", "", 200, "prefers-color-scheme"},
		{"GET", "nothing", "", 404, "the simulator has no GET /nothing"},
		{"POST", "nothing", "", 404, `"status":404`},
		{"GET", "info", "", 200, `"listening":true`},
		{"GET", "fates", "", 200, `"digits":"99300"`},
		{"GET", "stats", "", 200, `"submitted":3,"accepted":3`},
		{"GET", "sessions", "", 200, `"system_id":"esme","mode":"transceiver","version":"3.4"`},
		{"GET", "messages?to=%2B46701234567&text=again", "", 200, `"reference":"ref-2"`},
		{"GET", "messages?since=2", "", 200, `[{"order":3,`},
		{"GET", "messages?order=newest&limit=1", "", 200, `[{"order":3,`},
		{"GET", "messages?from=Somebody", "", 200, "[]\n"},
		{"GET", "messages?since=x", "", 400, "since"},
		{"GET", "messages?after=noon", "", 400, "after"},
		{"GET", "messages?limit=many", "", 400, "limit"},
		{"GET", "counts", "", 200, `"received":3,"distinct":2,"duplicated":1,"repeats":1`},
		{"POST", "counts", "ref-1\nref-2\nref-3\n", 200, `"expected":3,"missing":1,"missing_examples":["ref-3"],"duplicated_examples":["ref-2"],"unannounced":0`},
		{"GET", "phones", "", 200, `"number":"46701234567","state":"on"`},
		{"GET", "phones/46701234567", "", 200, `"text":"ref-2 again"`},
		{"GET", "phones/999", "", 404, "999"},
		{"PUT", "phones/46709999999", "", 200, `"texts":[]`},
		{"PUT", "phones/46709999999", `{"state":"off"}`, 200, `"state":"off"`},
		{"PUT", "phones/46709999999", `{"state":"broken"}`, 400, "not one of on, off, away, full, refusing"},
		{"PUT", "phones/mum", "", 422, "no number"},
		{"DELETE", "phones/46709999999", "", 204, ""},
		{"DELETE", "phones/46709999999", "", 404, ""},
		{"POST", "phones/46701234567/messages", `{"text":"a reply"}`, 202, ""},
		{"POST", "phones/46701234567/messages", `{"tekst":"a reply"}`, 400, `there is no field \"tekst\"`},
		{"POST", "phones/46701111111/messages", `{"text":"to whom?"}`, 422, "nobody has written to this phone"},
		{"POST", "inbound", `{"from":"46701111111","to":"12345","text":"n {n}","count":3}`, 202, ""},
		{"POST", "inbound", `{"from":"46701111111","to":"12345","text":"x","encoding":"morse"}`, 422, "encoding"},
		{"POST", "inbound", `{"to":"12345","text":"x"}`, 422, "from"},
		{"POST", "inbound", `{"text":"` + strings.Repeat("x", maxBody) + `"}`, 413, ""},
		{"GET", "behaviour", "", 200, `"receipts":"at-once"`},
		{"PATCH", "behaviour", `{"latency":"5ms","ids":"hex-dec"}`, 200, `"ids":"hex-dec"`},
		{"PATCH", "behaviour", `{"reject":300}`, 422, "percentage"},
		{"POST", "links/stop", "", 204, ""},
		{"GET", "info", "", 200, `"listening":false`},
		{"POST", "links/start", "", 204, ""},
		{"POST", "links/start", "", 409, "listening already"},
		{"POST", "links/drop", "", 200, `"dropped":1`},
		{"POST", "links/tie", "", 404, "drop, freeze, stop, start"},
		{"POST", "reset", "", 204, ""},
		{"GET", "messages", "", 200, "[]\n"},
	} {
		status, body := ask(t, web, test.method, test.path, test.body)
		if status != test.status || !strings.Contains(body, test.holds) {
			t.Errorf("%s %s %s: %d %s; want %d with %q", test.method, test.path, test.body, status, body, test.status, test.holds)
		}
	}
}

// TestCrossOrigin holds that the pages of others cannot change anything.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "http://127.0.0.1/reset", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	New(Options{}).Handler().ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("a reset from another site gives %d", w.Code)
	}
}

// TestMessageFacts holds that the API shows the fields of the PDU.
func TestMessageFacts(t *testing.T) {
	t.Parallel()
	s, _, conn := server(t, Options{})
	m := text("46701234567", "ref hello")
	m.ServiceType, m.Validity, m.Priority, m.ProtocolID = "CMT", "000001000000000R", 2, 64
	m.TLVs.SetU16(smpp.TagUserMessageReference, 258)
	put(t, conn, m)
	list := s.Messages(Filter{})
	if len(list) != 1 {
		t.Fatalf("%d messages", len(list))
	}
	got := list[0]
	if got.From != (Address{5, 0, "Kurir"}) || got.To[0] != (Address{1, 1, "46701234567"}) || got.Text != "ref hello" || got.Reference != "ref" ||
		got.ServiceType != "CMT" || got.Validity != "000001000000000R" || got.Priority != 2 || got.ProtocolID != 64 || got.RegisteredDelivery != 1 ||
		got.Outcome != "delivered" || got.SystemID != "esme" || got.Sequence != 7 || len(got.TLVs) != 1 || got.TLVs[0].Tag != 0x0204 {
		t.Errorf("%+v", got)
	}
}

// TestEvents holds that a page that watches sees texts as they come.
func TestEvents(t *testing.T) {
	t.Parallel()
	_, web, conn := server(t, Options{})
	resp, err := web.Client().Get(web.URL + "/phones/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	events := bufio.NewScanner(resp.Body)
	put(t, conn, text("46701234567", "pop"))
	for events.Scan() {
		data, ok := strings.CutPrefix(events.Text(), "data: ")
		if !ok || !strings.Contains(data, `"texts"`) {
			continue
		}
		var one Phone
		var all []Phone
		if json.Unmarshal([]byte(data), &all) != nil && json.Unmarshal([]byte(data), &one) != nil {
			t.Fatalf("event %s", data)
		}
		for _, ph := range append(all, one) {
			if len(ph.Texts) == 1 && ph.Texts[0].Text == "pop" {
				return
			}
		}
	}
	t.Errorf("the stream ended without the text: %v", events.Err())
}
