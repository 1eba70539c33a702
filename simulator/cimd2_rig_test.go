package simulator

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/cimd2"
	"kurir/gsm"
)

// cimd2App is a client on CIMD2: it notes all that comes, and acknowledges what is delivered unless it is mute.
type cimd2App struct {
	t *testing.T
	s *cimd2.Session

	mu        sync.Mutex
	got       []*cimd2.Packet
	responses []cimd2.Response
	mute      bool
}

func (a *cimd2App) Requests(s *cimd2.Session, requests []*cimd2.Packet) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got = append(a.got, requests...)
	for _, p := range requests {
		if answer, err := p.Answer(nil); err == nil && !a.mute {
			_ = s.Respond([]*cimd2.Packet{answer})
		}
	}
}

func (a *cimd2App) Responses(_ *cimd2.Session, responses []cimd2.Response) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.responses = append(a.responses, responses...)
}

// keepSilent sets whether what is delivered gets no answers.
func (a *cimd2App) keepSilent(mute bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mute = mute
}

// take gives what was delivered since the last call.
func (a *cimd2App) take() []*cimd2.Packet {
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	got := a.got
	a.got = nil
	return got
}

// reports gives the status reports among it.
func (a *cimd2App) reports() (list []cimd2.StatusReport) {
	a.t.Helper()
	for _, p := range a.take() {
		var r cimd2.StatusReport
		if err := p.Read(&r); err != nil {
			a.t.Errorf("%s: %v", p, err)
		}
		list = append(list, r)
	}
	return list
}

// ask sends a request and gives its response.
func (a *cimd2App) ask(body cimd2.Body) *cimd2.Packet {
	a.t.Helper()
	p, err := cimd2.New(body)
	if err != nil {
		a.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Hour)
	defer cancel()
	resp, err := a.s.Do(ctx, p)
	if err != nil {
		a.t.Fatalf("%s: %v", p, err)
	}
	return resp
}

// submit sends a message and gives the results.
func (a *cimd2App) submit(m *cimd2.Submit) []cimd2.SubmitResult {
	a.t.Helper()
	var r cimd2.SubmitResp
	if err := a.ask(m).Read(&r); err != nil {
		a.t.Fatal(err)
	}
	return r.Results
}

// cimd2Text is a message with all reports asked for.
func cimd2Text(text string, to ...string) *cimd2.Submit {
	septets, _ := gsm.AppendGSM7(nil, text)
	return &cimd2.Submit{Destinations: to, Originator: "600", Reports: cimd2.Some(int(cimd2.ReportsAll)), UserData: cimd2.UserData{Data: septets}}
}

// cimd2LogIn makes an application that has logged in; the error is that of the login.
func cimd2LogIn(t *testing.T, s *Simulator, password string, cfg cimd2.Config) (*cimd2App, error) {
	t.Helper()
	a := &cimd2App{t: t}
	d := &cimd2.Dialer{Hosts: []string{"smsc"}, User: "acme", Password: password, Session: cfg, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go s.ServeCIMD2(theirs)
		return ours, nil
	}}
	var err error
	if a.s, err = d.Connect(t.Context(), a); err == nil {
		t.Cleanup(func() { a.s.Close(nil) })
	}
	return a, err
}

// withCIMD2 runs a test with an application that has logged in.
func withCIMD2(t *testing.T, opt Options, test func(t *testing.T, s *Simulator, a *cimd2App)) {
	t.Helper()
	inBubble(t, opt, func(t *testing.T, s *Simulator) {
		a, err := cimd2LogIn(t, s, "secret", cimd2.Config{Alive: -1})
		if err != nil {
			t.Fatal(err)
		}
		test(t, s, a)
	})
}
