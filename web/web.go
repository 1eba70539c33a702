package web

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"kurir/account"
	"kurir/resource"
	"kurir/signin"
)

// Options is what the pages are made of. All are required but those that say what nil means.
type Options struct {
	Log      *slog.Logger
	Core     Core
	Accounts func() *account.Directory // those in force, with the users
	Country  func() string             // calling code of numbers written nationally; empty for none
	Verifier *account.Verifier         // shared with the interfaces
	// Change makes, changes and deletes a setting, as PATCH /v1/config does.
	Change func(ctx context.Context, c resource.Change) (resource.Row, error)
	// Schema says which fields a setting has, as /openapi.json does.
	Schema func(s resource.Setting) *resource.Schema
	// REST serves a request of our own REST interface, from within the program, as the account.
	REST func(a *account.Account, w http.ResponseWriter, r *http.Request)
	// People has sessions, second factors and one-time links.
	People *signin.Book
	// Check finds out who signs in; nil: by the users' own passwords.
	Check CheckFunc
	// SecondFactor are the roles whose users are to have a second factor; nil: none.
	SecondFactor func() []string
	// CanMail tells whether Mail has a server to send by; nil: there is none. Mail sends one, to an address of a user.
	CanMail func() bool
	Mail    func(ctx context.Context, to, subject, text string) error
	// MayTry tells whether credentials are looked at now, Failed counts a failure and returns when it may be answered; claim is
	// who signs in from an address.
	MayTry func(addr netip.Addr, claim string) bool
	Failed func(ctx context.Context, addr netip.Addr, claim string)

	Closing context.Context // done when the server ends: what is live ends then; nil for never

	Base func() string    // the address of the server as http.base_url has it; nil or empty: as requests say
	Now  func() time.Time // nil: time.Now

	// Proxied gives what a reverse proxy that is trusted says of a request; nil: none says anything.
	Proxied func(r *http.Request) Proxied
	// NewUser says how a user is made whom such a proxy names; nil: none is.
	NewUser func() NewUser
	// Key gives the key of addresses that are good without signing in, which stays the same; nil: there are none.
	Key func(ctx context.Context) ([]byte, error)
	// Frames gives the origins whose pages may show ours in a frame; nil: none may.
	Frames func() []string
}

// Server serves the pages. It is safe for concurrent use.
type Server struct {
	Options
	mux       *http.ServeMux // of all pages and acts
	handler   http.Handler
	closet    closet
	named     []page // those that the menu names
	sessions  *forms // what each session has sent
	drafts    *drafts
	templates *templates
	assets    map[string]asset  // by name
	table     map[string]inBoth // words by key
	alarms    map[string]string // sentences of alarms in Swedish, by key
	phrases   func() *phrases   // of other packages, in Swedish; taken apart when the first is wanted
	help      map[string]string // texts about fields of settings in Swedish, by the English
	zippers   sync.Pool         // of *gzip.Writer
	live      *live             // pages of the console
	liveLists *live             // lists, which can be asked for in many ways and leave the former their room
	liveOwn   *live             // those that are each user's own, however many users look
	liveEvery time.Duration     // in place of how often each list is made again, for tests

	resets sync.Mutex     // held while a link to another password is made
	doing  chan struct{}  // a place for each thing that is done after a request
	done   sync.WaitGroup // of them

	setup      sync.Mutex
	setupToken string // of the link of this start; empty before it is asked for
}

// timeout is how long a request may take.
const timeout = 30 * time.Second

// everyPath has what no page has.
const everyPath = "GET /"

// New makes the pages. Where there is no user, SetupLink gives the way to the first.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Base == nil {
		o.Base = func() string { return "" }
	}
	if o.Closing == nil {
		o.Closing = context.Background()
	}
	if o.SecondFactor == nil {
		o.SecondFactor = func() []string { return nil }
	}
	if o.Proxied == nil {
		o.Proxied = func(*http.Request) Proxied { return Proxied{} }
	}
	if o.NewUser == nil {
		o.NewUser = func() NewUser { return NewUser{} }
	}
	if o.Frames == nil {
		o.Frames = func() []string { return nil }
	}
	if o.CanMail == nil {
		o.CanMail = func() bool { return false }
	}
	s := &Server{
		Options: o, sessions: newForms(), drafts: newDrafts(), doing: make(chan struct{}, mailsAtOnce),
		templates: newTemplates(), table: allWords(), alarms: alarmsInSwedish(),
		live: newLive(o.Closing, liveOf), liveLists: newLive(o.Closing, liveShare), liveOwn: newLive(o.Closing, liveShare),
	}
	if s.Check == nil {
		s.Check = s.byPassword
	}
	var err error
	if s.help, err = Help(); err != nil {
		return nil, err
	}
	formats, err := pairsOf("phrases")
	if err != nil {
		return nil, err
	}
	s.phrases = sync.OnceValue(func() *phrases { return newPhrases(formats) })
	if s.assets, err = readAssets(); err != nil {
		return nil, err
	}
	s.mux = http.NewServeMux()
	for _, p := range pages() {
		if p.menu != "" {
			s.named = append(s.named, p)
		}
		s.mux.HandleFunc(p.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, &p) })
	}
	s.mux.HandleFunc(everyPath, func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, &page{pattern: everyPath, open: true, serve: func(v *visit) { v.fail(http.StatusNotFound, "error.nowhere") }})
	})
	s.handler = s.headed(http.NewCrossOriginProtection().Handler(s.mux))
	return s, nil
}

// Handler serves all pages.
func (s *Server) Handler() http.Handler { return s.handler }

// policy lets a page load nothing but what this server has, and run no script and no style that stands in the page. Behind it
// stands who may show it in a frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "

// headed gives every answer the headers that all have.
func (s *Server) headed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policyOf(s.Frames()))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if prefix := s.Proxied(r).Prefix; prefix != "" {
			w = &prefixed{ResponseWriter: w, prefix: prefix}
		}
		next.ServeHTTP(w, r)
	})
}

// serve serves a page to whoever may see it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, p *page) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	v := &visit{Server: s, w: w, r: r, page: p}
	if !p.stays && !v.exports() && !v.follows() {
		v.r = r.WithContext(ctx)
	}
	if !p.bare {
		v.recognise()
		v.signedInThere()
	}
	switch {
	case v.stranger():
		v.refuseStranger()
		return
	case p.open || p.bare:
	case v.unknown != nil:
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	case v.user == nil && r.Method == http.MethodGet:
		v.redirect("/signin" + backTo(r))
		return
	case v.user == nil:
		v.fail(http.StatusUnauthorized, "error.signedout")
		return
	case !v.shows(p):
		v.fail(http.StatusNotFound, "error.nopage")
		return
	case !p.permits(v.user):
		v.fail(http.StatusForbidden, "error.right")
		return
	}
	if r.Method == http.MethodPost && !p.uploads && !v.parseForm() {
		return
	}
	if p.list != nil {
		v.listPage(p.list)
		return
	}
	p.serve(v)
}

// maxForm bounds what a form may send, in octets.
const maxForm = 1 << 20

// parseForm reads a form, or says that it cannot be read.
func (v *visit) parseForm() bool {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.r.ParseForm(); err != nil {
		v.fail(http.StatusRequestEntityTooLarge, "error.form")
		return false
	}
	return true
}

// render answers with a page.
func (v *visit) render(status int, name, title string, data any) {
	var out bytes.Buffer
	shown := &view{visit: v, Title: title, Data: data}
	if err := v.templates.make(&out, name, "layout", shown); err != nil {
		v.Log.Error("a page could not be made; this is a mistake in Kurir", "page", name, "error", err)
		http.Error(v.w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	v.writePage(status, out.Bytes())
}

// fail answers with a page that says what is wrong.
func (v *visit) fail(status int, key string) { v.render(status, "error", "error.title", key) }

func (v *visit) redirect(to string) { http.Redirect(v.w, v.r, to, http.StatusSeeOther) }
