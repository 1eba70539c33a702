package simulator

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed static
var static embed.FS

// maxBody is the longest request body but that of POST /counts, which is read as it comes.
const maxBody = 1 << 20

// contentPolicy lets the page load its own script and style and talk to where it came from, and nothing else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the page of phones and the API. All its addresses are relative, so that it can be mounted under a
// prefix that ends in a slash, behind http.StripPrefix.
func (s *Simulator) Handler() http.Handler {
	mux := http.NewServeMux()
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	page := http.FileServerFS(files)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if _, err := fs.Stat(files, strings.Trim(path.Join(".", r.URL.Path), "/")); err != nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
			refuse(w, http.StatusNotFound, fmt.Errorf("the simulator has no %s %.200s; docs/simulator.md lists what it has", r.Method, r.URL.Path))
			return
		}
		page.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /info", s.serveInfo)
	mux.HandleFunc("GET /fates", func(w http.ResponseWriter, _ *http.Request) { reply(w, Fates()) })
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Stats()) })
	mux.HandleFunc("GET /taken", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Taken()) })
	mux.HandleFunc("GET /sessions", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Sessions()) })
	mux.HandleFunc("GET /messages", s.serveMessages)
	mux.HandleFunc("GET /phones", s.servePhones)
	mux.HandleFunc("GET /phones/{number}", s.servePhone)
	mux.HandleFunc("PUT /phones/{number}", s.servePutPhone)
	mux.HandleFunc("DELETE /phones/{number}", s.serveDeletePhone)
	mux.HandleFunc("POST /phones/{number}/messages", s.serveReply)
	mux.HandleFunc("POST /phones/{number}/alert", s.serveAlert)
	mux.HandleFunc("POST /inbound", s.serveInbound)
	mux.HandleFunc("POST /outbind", s.serveOutbind)
	mux.HandleFunc("GET /certificate", s.serveCertificate)
	mux.HandleFunc("GET /behaviour", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Behaviour()) })
	mux.HandleFunc("PATCH /behaviour", s.serveBehaviour)
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.References()) })
	mux.HandleFunc("POST /counts", s.serveCounts)
	mux.HandleFunc("POST /links/{action}", s.serveLinks)
	mux.HandleFunc("GET /modems", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Modems()) })
	mux.HandleFunc("POST /modems/{number}/{action}", s.serveModem)
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) { s.Reset(); w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /events", s.serveEvents)
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		guarded.ServeHTTP(w, r)
	})
}

// reply writes the value as JSON.
func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) // the reader has gone if this fails
}

// refuse writes a problem document (RFC 9457).
func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": err.Error()})
}

// readJSON reads the body; an unknown field or a wrong type is refused and false returned.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		return true
	}
	status := http.StatusBadRequest
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		status = http.StatusRequestEntityTooLarge
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		refuse(w, status, fmt.Errorf("there is no field %.200s", name))
		return false
	}
	refuse(w, status, fmt.Errorf("the body is not the JSON expected: %w", err))
	return false
}

// Info is what the page has to know.
type Info struct {
	SMPP      string   `json:"smpp"`                // address on which gateways bind
	UCP       string   `json:"ucp,omitempty"`       // address on which they log in on EMI/UCP
	CIMD2     string   `json:"cimd2,omitempty"`     // likewise on CIMD2
	Hosts     []string `json:"hosts"`               // all of them, in the order of their numbers
	Listening bool     `json:"listening"`           // whether new connections are taken
	SystemID  string   `json:"system_id"`           // empty: any
	SendURL   string   `json:"send_url,omitempty"`  // where the page posts texts to be sent
	SendKey   string   `json:"send_key,omitempty"`  // as Bearer token
	LinksURL  string   `json:"links_url,omitempty"` // where the gateway tells of its links, with the same key
	Links     []Link   `json:"links,omitempty"`
}

func (s *Simulator) serveInfo(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	listening := false
	var addresses []string
	for _, h := range s.hosts {
		listening = listening || h.listener != nil
		addresses = append(addresses, h.address)
	}
	s.mu.Unlock()
	reply(w, Info{
		SMPP: s.Addr(), UCP: s.UCPAddr(), CIMD2: s.CIMD2Addr(), Hosts: addresses, Listening: listening, SystemID: s.opt.SystemID,
		SendURL: s.opt.SendURL, SendKey: s.opt.SendKey, LinksURL: s.opt.LinksURL, Links: s.opt.Links,
	})
}

// number reads a number in the query; the default if there is none.
func number[N int | uint64](q string, def N) (N, error) {
	if q == "" {
		return def, nil
	}
	n, err := strconv.ParseUint(q, 10, 31)
	return N(n), err
}

func (s *Simulator) serveMessages(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := Filter{To: q.Get("to"), From: q.Get("from"), Text: q.Get("text"), Outcome: q.Get("outcome"), Newest: q.Get("order") == "newest"}
	var err error
	if f.Limit, err = number(q.Get("limit"), 1000); err != nil || f.Limit > 100_000 {
		refuse(w, http.StatusBadRequest, errors.New("limit: a number of messages up to 100000"))
		return
	}
	if f.Since, err = strconv.ParseUint(or(q.Get("since"), "0"), 10, 64); err != nil {
		refuse(w, http.StatusBadRequest, errors.New("since: the order of the last message that you have"))
		return
	}
	if after := q.Get("after"); after != "" {
		if f.After, err = time.Parse(time.RFC3339, after); err != nil {
			refuse(w, http.StatusBadRequest, errors.New("after: a time such as 2026-01-31T12:00:00Z"))
			return
		}
	}
	reply(w, s.Messages(f))
}

// or is the first of two strings that is not empty.
func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// pageTexts is how many texts of each phone the page shows.
const pageTexts = 20

func (s *Simulator) servePhones(w http.ResponseWriter, r *http.Request) {
	texts, err := number(r.URL.Query().Get("texts"), pageTexts)
	if err != nil {
		refuse(w, http.StatusBadRequest, errors.New("texts: how many of each phone"))
		return
	}
	reply(w, s.Phones(texts))
}

func (s *Simulator) servePhone(w http.ResponseWriter, r *http.Request) {
	ph, ok := s.Phone(r.PathValue("number"), phoneEntries)
	if !ok {
		refuse(w, http.StatusNotFound, fmt.Errorf("no message has come for %s, and nobody has made this phone", r.PathValue("number")))
		return
	}
	reply(w, ph)
}

// PhoneChange is the body of PUT /phones/{number}.
type PhoneChange struct {
	State PhoneState `json:"state"`
	For   Duration   `json:"for"` // then it is switched on; 0: for good
}

func (s *Simulator) servePutPhone(w http.ResponseWriter, r *http.Request) {
	var change *PhoneChange
	if r.ContentLength != 0 && !readJSON(w, r, &change) {
		return
	}
	n := r.PathValue("number")
	err := s.AddPhone(n)
	if err == nil && change != nil {
		err = s.SetPhone(n, change.State, time.Duration(change.For))
	}
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, err)
		return
	}
	ph, _ := s.Phone(n, pageTexts)
	reply(w, ph)
}

func (s *Simulator) serveDeletePhone(w http.ResponseWriter, r *http.Request) {
	if !s.RemovePhone(r.PathValue("number")) {
		refuse(w, http.StatusNotFound, errors.New("there is no such phone"))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) serveReply(w http.ResponseWriter, r *http.Request) {
	in := Inbound{}
	if !readJSON(w, r, &in) {
		return
	}
	in.From = r.PathValue("number")
	s.inject(w, in)
}

func (s *Simulator) serveInbound(w http.ResponseWriter, r *http.Request) {
	in := Inbound{}
	if readJSON(w, r, &in) {
		s.inject(w, in)
	}
}

func (s *Simulator) inject(w http.ResponseWriter, in Inbound) {
	err := s.Inject(in)
	switch {
	case errors.Is(err, ErrNobody):
		refuse(w, http.StatusConflict, err)
	case err != nil:
		refuse(w, http.StatusUnprocessableEntity, err)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

// serveAlert sends alert_notification; the body may be empty or {"system_id"}.
func (s *Simulator) serveAlert(w http.ResponseWriter, r *http.Request) {
	to := struct {
		SystemID string `json:"system_id"`
	}{}
	if r.ContentLength != 0 && !readJSON(w, r, &to) {
		return
	}
	if err := s.Alert(r.PathValue("number"), to.SystemID); err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (s *Simulator) serveOutbind(w http.ResponseWriter, r *http.Request) {
	o := Outbind{}
	if !readJSON(w, r, &o) {
		return
	}
	if err := s.Outbind(r.Context(), o); err != nil {
		refuse(w, http.StatusBadGateway, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (s *Simulator) serveCertificate(w http.ResponseWriter, _ *http.Request) {
	if s.certPEM == nil {
		refuse(w, http.StatusNotFound, errors.New("no host of this simulator has TLS: start it with --smpp tls://127.0.0.1:3550"))
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	w.Write(s.certPEM) // the reader has gone if this fails
}

func (s *Simulator) serveBehaviour(w http.ResponseWriter, r *http.Request) {
	b := *s.Behaviour()
	if !readJSON(w, r, &b) {
		return
	}
	if err := s.SetBehaviour(b); err != nil {
		refuse(w, http.StatusUnprocessableEntity, err)
		return
	}
	reply(w, s.Behaviour())
}

func (s *Simulator) serveCounts(w http.ResponseWriter, r *http.Request) {
	if s.opt.References == ReferencesOff {
		refuse(w, http.StatusConflict, errors.New("references are not counted: start the simulator with --count-references"))
		return
	}
	c, err := s.seen.compare(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	reply(w, c)
}

// Compare says which of the expected references, one a line, did not arrive, and which arrived twice.
func (s *Simulator) Compare(expected io.Reader) (ReferenceCounts, error) {
	return s.seen.compare(expected)
}

func (s *Simulator) serveLinks(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var hosts []int
	for _, text := range q["host"] {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n >= len(s.hosts) {
			refuse(w, http.StatusBadRequest, fmt.Errorf("host: a number from 0 to %d", len(s.hosts)-1))
			return
		}
		hosts = append(hosts, n)
	}
	var keep Duration
	if text := q.Get("for"); text != "" {
		if err := keep.UnmarshalText([]byte(text)); err != nil {
			refuse(w, http.StatusBadRequest, fmt.Errorf("for: %w", err))
			return
		}
	}
	switch r.PathValue("action") {
	case "freeze":
		reply(w, map[string]int{"frozen": s.FreezeLinks(time.Duration(keep))})
	case "drop":
		reply(w, map[string]int{"dropped": s.DropLinks()})
	case "stop":
		s.StopListening(hosts...)
		w.WriteHeader(http.StatusNoContent)
	case "start":
		if err := s.StartListening(hosts...); err != nil {
			refuse(w, http.StatusConflict, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, http.StatusNotFound, errors.New("what can be done to links: drop, freeze, stop, start"))
	}
}

// FateText is the table of last digits as text.
func FateText(indent string) string {
	var b strings.Builder
	WriteFates(&b, indent)
	return b.String()
}
