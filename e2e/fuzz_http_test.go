package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kurir/simulator"
)

// slowestAnswer is how long any request may take.
const slowestAnswer = 30 * time.Second

// answerTo writes a request and gives the status of the answer, 0 for none. Of one that may not be whole the end is shown after
// a while, or the server would wait for the rest.
func answerTo(c net.Conn, request string, unfinished bool) (int, error) {
	go func() { _, _ = io.WriteString(c, request) }() // the server stops reading what is too large
	r := bufio.NewReader(c)
	if unfinished {
		_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := r.Peek(1); errors.Is(err, os.ErrDeadlineExceeded) {
			_ = c.(*net.TCPConn).CloseWrite()
		}
	}
	_ = c.SetReadDeadline(time.Now().Add(slowestAnswer))
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, nil // the body may have no end: the connection is closed without it
}

// answerOverHTTP2 is answerTo for a whole request over HTTP/2; one that cannot be said in it is not made.
func answerOverHTTP2(c net.Conn, request string, _ bool) (int, error) {
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
	if err != nil {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), slowestAnswer)
	defer cancel()
	req = req.WithContext(ctx)
	req.RequestURI, req.URL.Scheme, req.URL.Host, req.Close = "", "http", req.Host, false
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols, DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil }}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if errors.Is(err, context.DeadlineExceeded) {
		return 0, os.ErrDeadlineExceeded
	}
	if err != nil {
		return 0, nil // the client itself refuses what is not allowed in a head
	}
	_ = resp.Body.Close()
	return resp.StatusCode, nil
}

// kannelPass is the password of Kannel's administration.
const kannelPass = secretMark + "-adm"

// surface is what a server can be asked.
type surface struct {
	calls  []string // GET /v1/messages/{id}
	fields []string // names of members and parameters
}

// dialectCalls are those of the dialects, with their parameters.
var dialectCalls = map[string]string{
	"/cgi-bin/sendsms":                       "username password to from text charset coding udh mclass dlr-mask dlr-url validity deferred priority meta-data binfo account pid alt-dcs rpi mwi compress smsc",
	"/cgi-bin/status.xml":                    "password",
	"/status.txt":                            "password",
	"/sms":                                   "numbers text user password charset sender",
	"/":                                      "numbers text user password charset sender action",
	"/send":                                  "username password to from content coding priority validity-period dlr dlr-url dlr-level dlr-method hex-content tags sdt",
	"/rate":                                  "username password to from content",
	"/balance":                               "username password",
	"/secure/send":                           "to from content hex-content coding dlr",
	"/secure/sendbatch":                      "messages globals batch_config",
	"/2010-04-01/Accounts/AC1/Messages.json": "To From Body StatusCallback ValidityPeriod MessagingServiceSid ScheduleType SendAt PageSize Page",
	"/kannel/status.xml":                     "password",
	"/kannel/store-status.html":              "password",
	"/kannel/start-smsc":                     "password smsc",
	"/kannel/stop-smsc":                      "password smsc",
	"/kannel/suspend":                        "password",
	"/kannel/isolate":                        "password",
	"/kannel/resume":                         "password",
	"/kannel/log-level":                      "password level",
	"/kannel/cgi-bin/flush-dlr":              "password",
	"/ozeki":                                 "action username password recipient messagetype messagedata folder limit afterdownload messageid",
	"/api":                                   "action username password recipient messagetype messagedata originator responseformat folder limit",
}

// scopedCall is a call in the table of scopes, which has all of REST.
var scopedCall = regexp.MustCompile("`([A-Z]+ /v1/[^`?]+)`")

// surfaceOf reads what there is from the handbook's table of scopes, from /openapi.json and the table of dialects.
func surfaceOf(t *testing.T, s *server) *surface {
	t.Helper()
	var doc map[string]any
	s.fetch("/openapi.json", &doc)
	names := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if properties, ok := v["properties"].(map[string]any); ok {
				for name := range properties {
					names[name] = true
				}
			}
			if name, ok := v["name"].(string); ok && v["in"] == "query" {
				names[name] = true
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(doc)
	page, err := os.ReadFile("../docs/keys.md")
	if err != nil {
		t.Fatal(err)
	}
	f := &surface{}
	for _, m := range scopedCall.FindAllStringSubmatch(string(page), -1) {
		f.calls = append(f.calls, m[1])
	}
	for path, params := range dialectCalls {
		for _, name := range strings.Fields(params) {
			names[name] = true
		}
		f.calls = append(f.calls, "GET "+path, "POST "+path)
	}
	f.calls = append(f.calls, "GET /openapi.json", "GET /docs", "GET /metrics", "GET /healthz", "GET /readyz", "OPTIONS /v1/messages", "GET /v1/nothing", "GET /%00")
	slices.Sort(f.calls)
	f.fields = slices.Sorted(maps.Keys(names))
	if len(f.calls) < 80 || len(f.fields) < 30 {
		t.Fatalf("only %d calls and %d fields are known", len(f.calls), len(f.fields))
	}
	return f
}

// words are values in all places. None leads to another machine.
var words = []string{
	"+46709000001", "0709000001", "12a", "", "0", "1", "-1", "1e400", "18446744073709551616", "true", "null", "*", "+46*", "acme", "root", "op1", "dnd", "utf-8", "iso-8859-1", "ucs2", "gsm7",
	"2027-01-01T00:00:00Z", "0001-01-01", "99999999999", "1h", "-1h", "90s", "\x00", "\xff\xfe", "\u20ac\U0001F600", "'; drop table message; --", "../../etc/passwd", "%s%n", "{{.}}", "(a*)*b",
	"0000000000000", "zzzzzzzzzzzzz", "accounts", "routes", "keys", "lists", "country", "messages:read", strings.Repeat("x", 5000), strings.Repeat("9", 400), "\r\nX: y", ";", "&", "=", "<a/>",
	"sendmessage", "receivemessage", "deletemessage", "getcredits", "inbox", "SMS:TEXT", "stop", "queued,sent", "-id", "id", "csv", "ndjson", "AAAA", "48656c6c6f", "050003010201", "bulk", "127.0.0.1", "mon 08:00", "Europe/Stockholm", password, account,
}

func (f *surface) pick(rng *rand.Rand, list []string) string { return list[rng.IntN(len(list))] }

// value is a piece of JSON.
func (f *surface) value(rng *rand.Rand, depth int) any {
	switch n := rng.IntN(12); {
	case n < 6:
		return f.pick(rng, words)
	case n == 6:
		return json.Number([]string{"0", "-1", "1e400", "0.1", "9223372036854775808", "3"}[rng.IntN(6)])
	case n == 7:
		return []any{true, false, nil}[rng.IntN(3)]
	case n < 10 || depth > 5:
		list := make([]any, rng.IntN(4))
		for i := range list {
			list[i] = f.value(rng, depth+2)
		}
		return list
	}
	return f.object(rng, depth+1)
}

func (f *surface) object(rng *rand.Rand, depth int) map[string]any {
	o := map[string]any{}
	for range rng.IntN(6) {
		o[f.pick(rng, f.fields)] = f.value(rng, depth)
	}
	return o
}

// form is parameters as in a query.
func (f *surface) form(rng *rand.Rand, path string) string {
	names := f.fields
	if own := dialectCalls[path]; own != "" && rng.IntN(4) > 0 {
		names = strings.Fields(own)
	}
	v := url.Values{}
	for range rng.IntN(8) {
		v.Add(f.pick(rng, names), f.pick(rng, words))
	}
	if dialectCalls[path] != "" && rng.IntN(20) > 0 { // a wrong password is answered late
		v.Set("username", account)
		v.Set("user", account)
		v.Set("password", password)
		if strings.HasPrefix(path, "/kannel/") {
			v.Set("password", kannelPass)
			if v.Get("smsc") == password {
				v.Set("smsc", "op1") // the log names the link that is to be found
			}
		}
	}
	return v.Encode()
}

// body is something to read, with its media type.
func (f *surface) body(rng *rand.Rand, path string) (media, text string) {
	switch rng.IntN(10) {
	case 0:
		return "application/x-www-form-urlencoded", f.form(rng, path)
	case 1:
		return "text/xml", "<?xml version=\"1.0\"?><message><submit><da><number>" + f.pick(rng, words) + "</number></da><ud>" + f.pick(rng, words) + "</ud><from><username>" + account +
			"</username><password>" + password + "</password></from></submit></message>"
	case 2:
		return "text/csv", f.pick(rng, f.fields) + "," + f.pick(rng, f.fields) + "\n" + f.pick(rng, words) + "," + f.pick(rng, words) + "\n"
	case 3:
		var b strings.Builder
		for range rng.IntN(50) {
			b.WriteString(f.json(rng) + []string{"\n", "\r\n", "\n\n"}[rng.IntN(3)])
		}
		return "application/x-ndjson", b.String() + f.pick(rng, words)
	case 4:
		return []string{"", "text/plain", "multipart/form-data; boundary=x", "application/octet-stream"}[rng.IntN(4)], f.pick(rng, words)
	}
	return []string{"application/json", "application/json; charset=utf-8", "application/merge-patch+json"}[rng.IntN(3)], f.json(rng)
}

func (f *surface) json(rng *rand.Rand) string {
	o := f.object(rng, 0)
	if rng.IntN(3) == 0 {
		o = map[string]any{"to": f.pick(rng, words), "text": f.pick(rng, words)}
		if rng.IntN(2) == 0 {
			o["to"] = words[0]
		}
	}
	text, err := json.Marshal(o)
	if err != nil {
		return "{" // a number that is none
	}
	return string(text)
}

// request is one request as octets; whole tells that it ends as its head says.
func (f *surface) request(rng *rand.Rand) (text string, whole bool) {
	method, path, _ := strings.Cut(f.pick(rng, f.calls), " ")
	if rng.IntN(10) == 0 {
		method, path = http.MethodPost, "/v1/messages"
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = url.PathEscape(f.pick(rng, words))
		}
	}
	target := strings.Join(parts, "/")
	if rng.IntN(3) > 0 {
		target += "?" + f.form(rng, path)
	}
	if rng.IntN(20) == 0 {
		method = []string{"HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "BREW"}[rng.IntN(7)]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", method, target)
	switch rng.IntN(8) {
	case 0: // nobody
	case 1, 2, 3:
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", rootKey)
	default:
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", apiKey)
	}
	for range rng.IntN(3) {
		name := []string{
			"Accept", "Accept-Language", "Accept-Encoding", "If-Match", "If-None-Match", "Idempotency-Key", "Last-Event-ID", "Origin", "X-Forwarded-For", "Forwarded", "Range", "Content-Encoding",
			"X-Kannel-To", "X-Kannel-Text", "X-HTTP-Method-Override",
		}[rng.IntN(15)]
		value := []string{"*", "gzip", `"1"`, "text/csv", "sv", "for=1.2.3.4", "bytes=0-1", "identity", "x, y;q=0", strings.Repeat("k", 300), "+46709000001"}[rng.IntN(11)]
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	media, body := "", ""
	if method != http.MethodGet || rng.IntN(10) == 0 {
		media, body = f.body(rng, path)
	}
	if media != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", media)
	}
	if body != "" && rng.IntN(12) == 0 {
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, _ = io.WriteString(z, body)
		_ = z.Close()
		body = zipped.String()
		b.WriteString("Content-Encoding: gzip\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	text = b.String()
	if rng.IntN(5) > 0 || strings.Contains(text, "127.") || strings.Contains(text, "1.2.3.4") { // what is an address stays the one that it is
		return text, true
	}
	octets := []byte(text)
	key := strings.Index(text, "Bearer ")
	for range 1 + rng.IntN(6) {
		if at := rng.IntN(len(octets)); key < 0 || at < key || at > key+len("Bearer ")+len(rootKey) { // nor a key
			octets[at] = byte(rng.Uint32())
		}
	}
	if rng.IntN(4) == 0 {
		octets = octets[:rng.IntN(len(octets))]
	}
	return string(octets), false
}

// wrongLogins fails to log in from so many addresses, which the server remembers for ten minutes, and no more than 10,000 of.
func (s *server) wrongLogins(t *testing.T, n int) {
	var logins sync.WaitGroup
	for worker := range 200 {
		logins.Go(func() {
			for i := worker; i < n; i += 200 {
				from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(i>>8), byte(i))}}
				c, err := from.Dial("tcp", s.http)
				if err != nil {
					continue
				}
				if status, _ := answerTo(c, "GET /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\nConnection: close\r\n\r\n", false); status != http.StatusUnauthorized && status != http.StatusTooManyRequests {
					t.Errorf("a wrong key is answered with %d", status)
				}
				c.Close()
			}
		})
	}
	logins.Wait()
}

// started has the link up, as which it counts, whatever was asked of it.
func (s *server) started(t *testing.T, sim *simulator.Simulator) {
	t.Helper()
	root := &rest{t: t, base: "http://" + s.http, client: s.client, key: rootKey}
	if status, body, _, err := root.do(http.MethodPost, "/v1/links/op1/start", "", nil); err != nil || status != http.StatusOK {
		t.Errorf("the link is not started: %d %s %v", status, body, err)
	}
	linked(t, sim)
}

// TestFuzzHTTP asks a server all that it can be asked, by REST and the dialects, in good and in spoilt form: no answer is 500 and
// none takes half a minute, and afterwards the server is as it was. KURIR_LONG=1 does so for ten minutes. A request that fails is
// found again by the seed that is printed.
func TestFuzzHTTP(t *testing.T) {
	spell := 5 * time.Second
	if long() {
		spell = 10 * time.Minute
	}
	sim := startSimulator(t, simulator.Options{})
	opt := hostileHTTPOptions(t)
	opt.more = "dialects: {kannel_admin_password: " + kannelPass + "}"
	s := startServer(t, sim, opt)
	linked(t, sim)
	f := surfaceOf(t, s)
	var asked, answered, accepted, made, failed atomic.Int64
	var mu sync.Mutex
	slowest := time.Duration(0)
	campaign := func(seed uint64, spell time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), spell)
		defer cancel()
		var askers sync.WaitGroup
		for worker := range uint64(8) {
			askers.Go(func() {
				for n := worker; ctx.Err() == nil && failed.Load() < 10; n += 8 {
					request, whole := f.request(rand.New(rand.NewPCG(seed, n)))
					from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(seed+n>>8), byte(n))}} // failed logins slow their address down
					c, err := from.Dial("tcp", s.http)
					if err != nil {
						continue
					}
					began := time.Now()
					ask := answerTo
					if worker == 7 && whole {
						ask = answerOverHTTP2
					}
					status, err := ask(c, request, !whole)
					took := time.Since(began)
					_ = c.Close()
					asked.Add(1)
					if status == http.StatusCreated || status == http.StatusAccepted {
						made.Add(1)
					}
					switch {
					case status == http.StatusInternalServerError, errors.Is(err, os.ErrDeadlineExceeded), whole && err != nil:
						failed.Add(1)
						t.Errorf("seed %d, %d: %.3000q: %d %v after %v", seed, n, request, status, err, took)
					case status == http.StatusAccepted:
						accepted.Add(1)
						fallthrough
					case status > 0:
						answered.Add(1)
					}
					mu.Lock()
					slowest = max(slowest, took)
					mu.Unlock()
				}
			})
		}
		askers.Wait()
	}
	campaign(1, min(spell, 10*time.Second)) // everything is warm
	if long() {
		s.wrongLogins(t, 6000)
	}
	s.started(t, sim)
	before := s.settled()
	made.Store(0)
	warm := asked.Load()
	campaign(uint64(time.Now().UnixNano()), spell)
	before.heap += 1024 * float64(made.Load())      // accounts, keys, lists, messages that are there now
	before.heap += 128 * float64(asked.Load()-warm) // failed logins that are remembered, by address
	t.Logf("%d requests of %d calls, %d were answered, %d with 202, %d made something; the longest took %v", asked.Load(), len(f.calls), answered.Load(), accepted.Load(), made.Load(),
		slowest.Round(time.Millisecond))
	if answered.Load() < asked.Load()/2 || accepted.Load() == 0 {
		t.Error("most were not even answered")
	}
	if strings.Contains(s.proc.out.String(), "mistake in Kurir") {
		t.Error("a request failed; the log says how")
	}
	s.started(t, sim)
	s.returns(t, before)
	s.judgePages()
	s.proc.stop()
}
