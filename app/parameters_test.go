package app_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"kurir/simulator"
)

// parameter is a request with a parameter of a dialect, and what comes of it.
type parameter struct {
	name   string
	query  string                          // behind who sends to whom; with TO, which is the number, in it: all of the request
	holds  func(m *simulator.Message) bool // at the operator
	second bool                            // which is another one than the routes say
	view   func(v map[string]any) bool     // the message over REST, for what no PDU shows
	called string                          // method and path of a call that is made
	answer string                          // begins the answer of a request that is refused
}

// parameterDialect is how a dialect is asked, and what it has parameters of.
type parameterDialect struct {
	name  string
	base  string // in front of a query without TO
	rows  []parameter
	ask   func(t *testing.T, query string) *http.Request
	day   string // how a time is written
	good  string // begins the answer
	table string // in docs: file, heading of the table's section; empty where another row has them
}

// TestParameters sends every parameter of every dialect and looks at what comes of it, so that none stands in the tables of
// docs/compatibility.md and docs/kannel.md of which this is not shown.
func TestParameters(t *testing.T) {
	t.Parallel()
	g := startParameters(t)
	for _, d := range []parameterDialect{
		{"kannel", "username=acme&password=secret&to=%2BTO&", kannelParameters, get("/cgi-bin/sendsms"), "", "202 0: Accepted for delivery", "kannel.md ## Parameters"},
		{"kannel by headers", "username=acme&password=secret&to=%2BTO&", without(kannelParameters, "TO|flash|dlrmask"), kannelByHeaders, "", "202 0: Accepted for delivery", ""},
		{"kannel in XML", "username=acme&password=secret&to=%2BTO&", without(kannelParameters, "TO|flash|dlrmask|charset|%01&udh"), kannelInXML, "", "202 0: Accepted for delivery", ""},
		{"jasmin", "username=acme&password=secret&to=%2BTO&", jasminParameters, get("/send"), "", `200 Success "`, "compatibility.md ### `/send`"},
		{"ozeki", "action=sendmessage&username=acme&password=secret&recipient=%2BTO&", ozekiParameters, get("/api"), "2006.01.02. 15:04:05", "200 <?xml", "compatibility.md ## Ozeki"},
		{"plain", "user=acme&password=secret&numbers=%2BTO&", plainParameters, get("/sms"), "", "200 +46", "compatibility.md ## Plain"},
		{"twilio", "To=%2BTO&", twilioParameters, askTwilio, time.RFC3339, "201 {", "compatibility.md ## Twilio"},
	} {
		used := d.base
		for _, p := range d.rows {
			g.check(t, &d, &p)
			used += "&" + p.query
		}
		if d.table == "" {
			continue
		}
		for _, name := range parametersIn(t, d.table) {
			if !strings.Contains("&"+used, "&"+name+"=") && !slices.Contains(parametersElsewhere[d.name], name) {
				t.Errorf("%s: nothing shows what %s of docs/%s does", d.name, name, d.table)
			}
		}
	}
}

// parametersElsewhere are those that other tests look at: of other actions than sending, and of answers.
var parametersElsewhere = map[string][]string{
	"ozeki": {
		"useraccount", "newbalance", "add", // api: TestOzekiCredits
		"messagecount", "maxresponse", "folder", "limit", "afterdownload", "messageid", "messageids", "msgid", // api: ozeki_mailbox_test.go
	},
}

var (
	tableHead = regexp.MustCompile(`^\| (parameter|argument) \|`)
	quotedIn  = regexp.MustCompile("`([^`]+)`")
)

// parametersIn reads the first table of parameters in a section: file, a space, its heading.
func parametersIn(t *testing.T, place string) (names []string) {
	t.Helper()
	file, heading, _ := strings.Cut(place, " ")
	text, err := os.ReadFile("../docs/" + file)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n"+heading+"\n")
	in := false
	for line := range strings.Lines(section) {
		switch {
		case tableHead.MatchString(line):
			in = true
		case in && !strings.HasPrefix(line, "|"):
			return names
		case in:
			for _, word := range quotedIn.FindAllStringSubmatch(strings.SplitN(line, "|", 3)[1], -1) {
				name, _, _ := strings.Cut(word[1], "=")
				names = append(names, name)
			}
		}
	}
	t.Fatalf("no table of parameters in docs/%s (%v)", place, found)
	return nil
}

// parameterServer is a gateway with two operators, and who is called.
type parameterServer struct {
	*server
	first, second *simulator.Simulator
	hook          string
	sent          int

	mu    sync.Mutex
	calls map[string]bool // method and path
}

func startParameters(t *testing.T) *parameterServer {
	g := &parameterServer{calls: map[string]bool{}}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.calls[r.Method+" "+r.URL.Path] = true
		_, _ = io.WriteString(w, "ACK/Jasmin")
	}))
	t.Cleanup(hook.Close)
	g.hook = hook.URL
	g.first, g.second = startOperator(t), startOperator(t)
	g.server = run(t, read(t, fmt.Sprintf(`
data: %s
http: {listen: 127.0.0.1:0}
webhooks: {allow: [127.0.0.0/8]}
connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir, pass: [service_type, protocol_id, reply_path], tlvs: {pass: [all]}}
  - {name: op2, kind: smpp, hosts: ["%s"], system_id: kurir}
accounts:
  - name: acme
    password: secret
    api_keys: [key]
    senders: ["*"]
    sender: Acme
    dlr_url: "%s/account"
    kannel: {smsc: {Second: op2}}
    twilio: {account_sid: %s, auth_token: secret}
routes:
  - {to: "*", via: [op1]}
`, t.TempDir(), g.first.Addr(), g.second.Addr(), hook.URL, twilioSID)))
	return g
}

func startOperator(t *testing.T) *simulator.Simulator {
	t.Helper()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	if err := sim.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

// check sends one request and looks at what comes of it.
func (g *parameterServer) check(t *testing.T, d *parameterDialect, p *parameter) {
	t.Helper()
	g.sent++
	to := fmt.Sprintf("467012%05d", g.sent)
	base := d.base
	if strings.Contains(p.query, "=TO&") || strings.Contains(p.query, "=%2BTO&") {
		base = ""
	}
	tomorrow := time.Now().AddDate(0, 0, 1).Format(d.day)
	fill := strings.NewReplacer("TOMORROW", url.QueryEscape(tomorrow), "TO", to, "HOOK", url.QueryEscape(g.hook))
	req := d.ask(t, fill.Replace(base+p.query))
	req.URL.Scheme, req.URL.Host = "http", g.HTTPAddr().String()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	want := d.good
	if p.answer != "" {
		want = p.answer
	}
	if got := fmt.Sprint(resp.StatusCode, " ", string(body)); !strings.HasPrefix(got, want) {
		t.Errorf("%s: %s: %s, want %s", d.name, p.name, got, want)
		return
	}
	if p.view != nil {
		var list struct{ Messages []map[string]any }
		if g.ask(t, "GET", "/v1/messages?to="+to, "", &list); len(list.Messages) != 1 || !p.view(list.Messages[0]) {
			t.Errorf("%s: %s: over REST it is %v", d.name, p.name, list.Messages)
		}
	}
	if p.holds != nil {
		on := g.first
		if p.second {
			on = g.second
		}
		if m := arrived(t, on, to); !p.holds(m) {
			t.Errorf("%s: %s: the operator gets %+v", d.name, p.name, *m)
		}
	}
	for p.called != "" {
		g.mu.Lock()
		called := g.calls[p.called]
		delete(g.calls, p.called)
		g.mu.Unlock()
		if called {
			break
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: %s: %s does not come", d.name, p.name, p.called)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// arrived waits for the message to a number.
func arrived(t *testing.T, sim *simulator.Simulator, to string) *simulator.Message {
	t.Helper()
	for {
		if list := sim.Messages(simulator.Filter{To: to}); len(list) > 0 {
			return &list[0]
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("nothing for %s comes", to)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// without leaves out rows whose query has one of some words.
func without(rows []parameter, words string) (left []parameter) {
	has := regexp.MustCompile(words)
	for _, p := range rows {
		if !has.MatchString(p.query) {
			left = append(left, p)
		}
	}
	return left
}

func get(path string) func(t *testing.T, query string) *http.Request {
	return func(t *testing.T, query string) *http.Request {
		return newRequest(t, "GET", path+"?"+query, "")
	}
}

func newRequest(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

const twilioSID = "AC0123456789abcdef0123456789abcdef"

func askTwilio(t *testing.T, query string) *http.Request {
	req := newRequest(t, "POST", "/2010-04-01/Accounts/"+twilioSID+"/Messages.json", query)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(twilioSID, "secret")
	return req
}

func values(t *testing.T, query string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// kannelByHeaders has the text as body and the rest in headers.
func kannelByHeaders(t *testing.T, query string) *http.Request {
	v := values(t, query)
	req := newRequest(t, "POST", "/cgi-bin/sendsms", v.Get("text"))
	media := "text/plain"
	if v.Get("coding") == "1" || v.Has("udh") {
		media = "application/octet-stream"
	} else if v.Has("charset") {
		media += "; charset=" + v.Get("charset")
	}
	req.Header.Set("Content-Type", media)
	for name := range v {
		switch value := v.Get(name); name {
		case "text", "charset":
		case "udh":
			req.Header.Set("X-Kannel-UDH", hex.EncodeToString([]byte(value)))
		default:
			req.Header.Set("X-Kannel-"+name, value)
		}
	}
	return req
}

// kannelElements are the elements of message/submit that have the parameters.
var kannelElements = map[string]string{
	"username": "from/username", "password": "from/password", "account": "from/account", "binfo": "from/binfo", "from": "oa/number",
	"to": "da/number", "text": "ud", "udh": "udh", "mclass": "dcs/mclass", "coding": "dcs/coding", "mwi": "dcs/mwi", "compress": "dcs/compress",
	"alt-dcs": "dcs/alt-dcs", "pid": "pid", "rpi": "rpi", "validity": "vp/delay", "deferred": "timing/delay", "dlr-mask": "statusrequest/dlr-mask",
	"dlr-url": "statusrequest/dlr-url", "priority": "priority", "meta-data": "meta-data", "smsc": "to",
}

// kannelInXML writes message/submit, each parameter in a group of its own.
func kannelInXML(t *testing.T, query string) *http.Request {
	v := values(t, query)
	doc := `<?xml version="1.0" encoding="UTF-8"?><message><submit>`
	for name := range v {
		value := v.Get(name)
		switch coding := v.Get("coding"); {
		case name == "text" && (coding == "1" || v.Has("udh")), name == "udh":
			value = hex.EncodeToString([]byte(value))
		case name == "text" && coding == "2":
			value = string(utf16.Decode([]uint16{uint16(value[0])<<8 | uint16(value[1])}))
		}
		group, one, grouped := strings.Cut(kannelElements[name], "/")
		if value = html.EscapeString(value); grouped {
			value = "<" + one + ">" + value + "</" + one + ">"
		}
		doc += "<" + group + ">" + value + "</" + group + ">"
	}
	req := newRequest(t, "POST", "/cgi-bin/sendsms", doc+"</submit></message>")
	req.Header.Set("Content-Type", "text/xml")
	return req
}
