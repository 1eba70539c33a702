package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// eventLog is what a gateway has of events.
type eventLog struct {
	hub   *Events
	floor message.ID

	mu        sync.Mutex
	of        map[string][]gateway.Event
	ids       *message.IDs
	followers int
	refuse    error
	reads     int
}

// follow is FollowEvents.
func (l *eventLog) follow(_ context.Context, name string) (message.ID, func(), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		return 0, nil, l.refuse
	}
	l.followers++
	head := l.floor
	if list := l.of[name]; len(list) > 0 {
		head = list[len(list)-1].Position
	}
	return head, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.followers--
	}, nil
}

// after is EventsAfter.
func (l *eventLog) after(_ context.Context, name string, after message.ID, n int) (list []gateway.Event, next message.ID, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if after < l.floor {
		return nil, after, &gateway.EventsGoneError{Floor: l.floor}
	}
	for _, e := range l.of[name] {
		if e.Position > after && len(list) < n {
			list, next = append(list, e), e.Position
		}
	}
	return list, max(after, next), nil
}

// add puts an event on disk and tells of it.
func (l *eventLog) add(name string, e gateway.Event) message.ID {
	l.mu.Lock()
	e.Position, e.At = l.ids.Next(time.Now()), time.Now().UnixMilli()
	l.of[name] = append(l.of[name], e)
	l.mu.Unlock()
	l.hub.Wake(name)
	return e.Position
}

// state adds a state of a message to which reference and tag belong.
func (l *eventLog) state(name string, s message.State, reference, tag string) message.ID {
	m := &message.Message{ID: l.floor, Account: name, To: message.Address{TON: message.TONInternational, Number: "46701234567"}, Encoding: gsm.GSM7, Parts: 1, Reference: reference}
	m.State = s
	if s.Final() {
		m.Final = time.Now().UnixMilli()
	}
	if tag != "" {
		m.Special = &message.Special{Tag: tag}
	}
	return l.add(name, gateway.Event{State: s, Message: m})
}

// eventServer is a server of events over pipes.
type eventServer struct {
	*eventLog
	t        *testing.T
	pipes    *smppPipes
	server   *http.Server
	accounts *account.Directory
}

func newEventServer(t *testing.T, o EventsOptions) *eventServer {
	t.Helper()
	l := &eventLog{of: map[string][]gateway.Event{}, ids: message.NewIDs(0, 0)}
	l.floor = l.ids.Next(time.Now())
	o.Follow, o.After = l.follow, l.after
	l.hub = NewEvents(o)
	s := &eventServer{eventLog: l, t: t, pipes: &smppPipes{conns: make(chan net.Conn), closed: make(chan struct{})}}
	s.accounts = account.NewDirectory(testAccounts(), nil)
	opt := (&fakeGateway{}).options()
	opt.Events = l.hub
	opt.Accounts = func() *account.Directory {
		l.mu.Lock()
		defer l.mu.Unlock()
		return s.accounts
	}
	s.server = NewHTTPServer(NewHTTP(opt), slog.New(slog.DiscardHandler))
	s.server.RegisterOnShutdown(l.hub.Close)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.server.Serve(s.pipes)
	}()
	t.Cleanup(func() {
		s.stop()
		<-served
	})
	return s
}

// stop ends the server in good order.
func (s *eventServer) stop() {
	if err := s.server.Shutdown(context.Background()); err != nil {
		s.t.Errorf("shut down: %v", err)
	}
}

// eventClient is a client of a stream.
type eventClient struct {
	t    *testing.T
	conn net.Conn
	resp *http.Response
	in   *bufio.Reader
	last string   // id
	raw  []string // all that came
}

// get asks with acme's key, or with another in headers, for a stream.
func (s *eventServer) get(query string, headers ...string) *eventClient {
	s.t.Helper()
	conn, err := s.pipes.dial(context.Background(), "", "")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	head := "GET /v1/events" + query + " HTTP/1.1\r\nHost: x\r\n"
	if len(headers) == 0 || headers[0] != "Authorization" {
		head += "Authorization: Bearer acme-key\r\n"
	}
	for i := 0; i+1 < len(headers); i += 2 {
		head += headers[i] + ": " + headers[i+1] + "\r\n"
	}
	if _, err := conn.Write([]byte(head + "\r\n")); err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &eventClient{t: s.t, conn: conn, resp: resp, in: bufio.NewReader(resp.Body)}
}

// open asks for a stream that is to be answered with one, and reads its beginning.
func (s *eventServer) open(query string, headers ...string) *eventClient {
	s.t.Helper()
	c := s.get(query, headers...)
	h := c.resp.Header
	if c.resp.StatusCode != 200 || h.Get("Content-Type") != "text/event-stream" || !strings.Contains(h.Get("Cache-Control"), "no-store") || h.Get("X-Accel-Buffering") != "no" {
		s.t.Fatalf("%s: %d %v", query, c.resp.StatusCode, h)
	}
	if got, ok := c.block(); !ok || len(got) != 2 || got["retry"] == "" || got["id"] == "" {
		s.t.Fatalf("%s: the stream begins with %v", query, got)
	}
	return c
}

// block reads up to the next empty line as the HTML standard says: fields by name; a comment has the name "". false is the end.
func (c *eventClient) block() (map[string]string, bool) {
	fields := map[string]string{}
	for {
		line, err := c.in.ReadString('\n')
		c.raw = append(c.raw, line)
		if err != nil {
			return fields, false
		}
		if line = strings.TrimSuffix(line, "\n"); line == "" {
			return fields, true
		}
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.TrimPrefix(value, " ")
		if name == "id" {
			c.last = fields[name]
		}
	}
}

// event reads the next event, over comments.
func (c *eventClient) event() (id, kind string, data map[string]any) {
	c.t.Helper()
	for {
		got, ok := c.block()
		if !ok {
			c.t.Fatalf("the stream has ended; it said\n%s", c.raw[max(0, len(c.raw)-20):])
		}
		if got["data"] == "" {
			continue
		}
		var body struct {
			Type, ID, Timestamp string
			Data                map[string]any
		}
		if err := json.Unmarshal([]byte(got["data"]), &body); err != nil {
			c.t.Fatalf("%v in %s", err, got["data"])
		}
		if body.Type != got["event"] || body.ID == "" || body.Timestamp == "" {
			c.t.Errorf("event %v", got)
		}
		return got["id"], got["event"], body.Data
	}
}

// wantState reads the next event and checks that it is a state.
func (c *eventClient) wantState(position message.ID, s message.State) {
	c.t.Helper()
	if id, kind, data := c.event(); id != position.String() || kind != "message.state" || data["state"] != s.String() {
		c.t.Errorf("event %s %s %v, want %s %s", id, kind, data, position, s)
	}
}

// ends checks that the stream ends without another event.
func (c *eventClient) ends() {
	c.t.Helper()
	for {
		got, ok := c.block()
		if got["data"] != "" {
			c.t.Errorf("another event %v", got)
		}
		if !ok {
			return
		}
	}
}

// inEventBubble runs fn on a server of events in a bubble.
func inEventBubble(t *testing.T, o EventsOptions, fn func(t *testing.T, s *eventServer)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(testEpoch)) // ids count from 2025
		fn(t, newEventServer(t, o))
	})
}

// A stream brings what comes from its beginning on, each event once, in order, in the form of webhooks; nothing of others'.
func TestEventStream(t *testing.T) {
	inEventBubble(t, EventsOptions{}, func(t *testing.T, s *eventServer) {
		s.state("acme", message.Rejected, "", "")
		c, second := s.open(""), s.open("")
		first := s.state("acme", message.Enroute, "order 4711", "")
		s.state("mute", message.Delivered, "", "")
		in := &message.Inbound{ID: 77, Account: "acme", Received: time.Now().UnixMilli(), From: message.Address{Number: "4699"}, Content: message.Content{Text: "line\nline"}}
		told := s.add("acme", gateway.Event{Inbound: in})
		last := s.state("acme", message.Delivered, "", "")
		for _, c := range []*eventClient{c, second} {
			id, kind, data := c.event()
			if id != first.String() || kind != "message.state" || data["state"] != "enroute" || data["reference"] != "order 4711" || data["to"] != "+46701234567" || data["final"] != nil {
				t.Errorf("%s %s %v", id, kind, data)
			}
			if id, kind, data = c.event(); id != told.String() || kind != "message.inbound" || data["text"] != "line\nline" || data["id"] != in.ID.String() {
				t.Errorf("%s %s %v", id, kind, data)
			}
			c.wantState(last, message.Delivered)
		}
		s.mu.Lock()
		if s.reads > 8 {
			t.Errorf("the disk was read %d times for two streams and three events", s.reads)
		}
		s.mu.Unlock()
		if head := ask(s.server.Handler, "HEAD", "/v1/events", "", "Authorization", "Bearer acme-key"); head.Code != 200 || head.Body.Len() != 0 {
			t.Errorf("HEAD: %d %s", head.Code, head.Body)
		}
	})
}

// What a filter leaves out is passed over, and the position goes on all the same.
func TestEventStreamFilters(t *testing.T) {
	inEventBubble(t, EventsOptions{}, func(t *testing.T, s *eventServer) {
		states, tagged, mine := s.open("?types=message.state"), s.open("?tag=shop"), s.open("?reference=a&types=message.state,message.inbound")
		p1 := s.state("acme", message.Delivered, "a", "")
		in := s.add("acme", gateway.Event{Inbound: &message.Inbound{ID: 5, Account: "acme", Tag: "shop", Received: 1}})
		p2 := s.state("acme", message.Expired, "b", "shop")
		states.wantState(p1, message.Delivered)
		states.wantState(p2, message.Expired)
		if id, kind, _ := tagged.event(); id != in.String() || kind != "message.inbound" {
			t.Errorf("%s %s", id, kind)
		}
		tagged.wantState(p2, message.Expired)
		mine.wantState(p1, message.Delivered)
		if got, ok := mine.block(); !ok || got["id"] != p2.String() || got["data"] != "" {
			t.Errorf("behind what was left out: %v", got)
		}
	})
}

// A stream goes on behind the position that is named, by the header before the address; what is not there any more is said.
func TestEventStreamResumes(t *testing.T) {
	inEventBubble(t, EventsOptions{}, func(t *testing.T, s *eventServer) {
		var all []message.ID
		for range 6 * eventHelping {
			all = append(all, s.state("acme", message.Delivered, "", ""))
		}
		time.Sleep(time.Minute)
		late := s.state("acme", message.Expired, "", "")
		rest := func(c *eventClient, from int) {
			t.Helper()
			for _, p := range all[from:] {
				c.wantState(p, message.Delivered)
			}
			c.wantState(late, message.Expired)
		}
		rest(s.open("?cursor="+all[0].String()), 1)
		rest(s.open("", "Last-Event-ID", strings.ToUpper(all[300].String())), 301)
		rest(s.open("?cursor="+all[0].String(), "Last-Event-ID", all[500].String()), 501)
		rest(s.open("?since="+s.floor.Time().Add(time.Millisecond).Format(time.RFC3339Nano), "Last-Event-ID", all[598].String()), 599)
		s.open("?since="+time.Now().Add(-time.Second).Format(time.RFC3339Nano)).wantState(late, message.Expired)
		c := s.open("?cursor=" + late.String())
		more := s.state("acme", message.Unknown, "", "")
		c.wantState(more, message.Unknown)

		for _, bad := range []struct {
			query, header string
			status        int
			field         string
		}{
			{"?cursor=" + (s.floor - 1).String(), "", 410, "cursor"},
			{"", (s.floor - 1).String(), 410, "cursor"},
			{"?since=2026-01-01", "", 410, "cursor"},
			{"?since=1969-01-01", "", 410, "cursor"},
			{"?cursor=1", "", 400, "cursor"},
			{"", "0", 400, "Last-Event-ID"},
			{"?cursor=0000000000000", "", 400, "cursor"},
			{"?since=yesterday", "", 400, "since"},
			{"?since=2031-01-01", "", 400, "cursor"},
			{"?cursor=" + all[0].String() + "&since=2026-11-05", "", 400, "since"},
			{"?types=message.state,message", "", 400, "types"},
			{"?types=", "", 400, "types"},
			{"?colour=red", "", 400, "colour"},
			{"?account=mute", "", 403, ""},
		} {
			header := []string{}
			if bad.header != "" {
				header = []string{"Last-Event-ID", bad.header}
			}
			w := asAcme(s.server.Handler, "GET", "/v1/events"+bad.query, "", header...)
			d := readProblemDocument(t, w)
			if d.Status != bad.status || bad.field != "" && (len(d.Errors) != 1 || d.Errors[0].Field != bad.field) {
				t.Errorf("%s %q: %+v", bad.query, bad.header, d)
			}
		}
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.followers != 6 {
			t.Errorf("%d follow, want 6", s.followers)
		}
	})
}

// A stream that has nothing to say gives a sign of life every 15 s, for as long as the client likes.
func TestEventStreamBeats(t *testing.T) {
	inEventBubble(t, EventsOptions{}, func(t *testing.T, s *eventServer) {
		c := s.open("")
		for range 40 {
			began := time.Now()
			if got, ok := c.block(); !ok || len(got) != 1 || got[""] != "" || time.Since(began) != eventBeat {
				t.Fatalf("after %s: %v", time.Since(began), got)
			}
		}
		c.wantState(s.state("acme", message.Delivered, "", ""), message.Delivered)
	})
}

// A client that does not read is cut off, and keeps up nobody; it goes on where it was.
func TestEventStreamSlow(t *testing.T) {
	inEventBubble(t, EventsOptions{}, func(t *testing.T, s *eventServer) {
		slow, quick := s.open(""), s.open("")
		var all []message.ID
		for i := range 2000 {
			p := s.state("acme", message.Delivered, strings.Repeat("x", 200), "")
			if all = append(all, p); i%10 == 0 {
				synctest.Wait()
			}
		}
		for _, p := range all {
			quick.wantState(p, message.Delivered)
		}
		go quick.ends()
		time.Sleep(eventWrite + time.Second)
		if n := s.streaming(); n != 1 {
			t.Errorf("%d streams are open", n)
		}
		n := 0
		for got, ok := slow.block(); ok; got, ok = slow.block() {
			if got["data"] != "" {
				if got["id"] != all[n].String() {
					t.Fatalf("event %s, want %s", got["id"], all[n])
				}
				n++
			}
		}
		if n == len(all) {
			t.Error("the slow client got everything")
		}
		back := s.open("", "Last-Event-ID", slow.last)
		if n > 0 && slow.last != all[n-1].String() {
			t.Errorf("it ended at %s, want %s", slow.last, all[n-1])
		}
		for _, p := range all[n:] {
			back.wantState(p, message.Delivered)
		}
	})
}

// streaming tells how many streams are open.
func (s *eventServer) streaming() int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.hub.streams
}

// The number of streams is bounded for each account and in all, and places are given back.
func TestEventStreamsBounded(t *testing.T) {
	inEventBubble(t, EventsOptions{PerAccount: 2, Total: 3}, func(t *testing.T, s *eventServer) {
		a := s.open("")
		s.open("")
		if d := readProblemDocument(t, asAcme(s.server.Handler, "GET", "/v1/events", "")); d.Status != 429 || d.Code != "too_many" {
			t.Errorf("a third of the account: %+v", d)
		}
		s.open("", "Authorization", "Bearer mute-key")
		if d := readProblemDocument(t, ask(s.server.Handler, "GET", "/v1/events", "", "Authorization", "Bearer root-key")); d.Status != 503 {
			t.Errorf("a fourth in all: %+v", d)
		}
		_ = a.conn.Close()
		synctest.Wait()
		c := s.open("")
		c.wantState(s.state("acme", message.Delivered, "", ""), message.Delivered)
		s.mu.Lock()
		s.refuse = &message.Failure{Kind: message.StoreFull}
		s.mu.Unlock()
		_ = c.conn.Close()
		synctest.Wait()
		if d := readProblemDocument(t, asAcme(s.server.Handler, "GET", "/v1/events", "")); d.Status != 503 {
			t.Errorf("while the database is full: %+v", d)
		}
		if n := s.streaming(); n != 2 {
			t.Errorf("%d streams are open", n)
		}
	})
}

// An administrator follows another account by its name. A stream ends when the account it was opened with may not follow any
// more, and only then.
func TestEventStreamRights(t *testing.T) {
	inEventBubble(t, EventsOptions{}, func(t *testing.T, s *eventServer) {
		if d := readProblemDocument(t, ask(s.server.Handler, "GET", "/v1/events?account=nobody", "", "Authorization", "Bearer root-key")); d.Status != 404 {
			t.Errorf("of an account that there is not: %+v", d)
		}
		own, root := s.open("?account=acme"), s.open("?account=acme", "Authorization", "Bearer root-key")
		p := s.state("acme", message.Delivered, "", "")
		own.wantState(p, message.Delivered)
		root.wantState(p, message.Delivered)
		changed := func(change func([]account.Account)) {
			list := testAccounts()
			change(list)
			s.mu.Lock()
			s.accounts = account.NewDirectory(list, nil)
			s.mu.Unlock()
		}
		changed(func([]account.Account) {})
		p = s.state("acme", message.Expired, "", "")
		own.wantState(p, message.Expired)
		root.wantState(p, message.Expired)
		changed(func(list []account.Account) { list[3].Admin = false })
		root.ends()
		p = s.state("acme", message.Unknown, "", "")
		own.wantState(p, message.Unknown)
		changed(func(list []account.Account) { list[0].APIKeys = []message.Secret{"another"} })
		s.state("acme", message.Unknown, "", "")
		own.ends()
	})
}

// When the server stops it ends the streams and is not held up by them.
func TestEventStreamsStop(t *testing.T) {
	inEventBubble(t, EventsOptions{}, func(t *testing.T, s *eventServer) {
		c := s.open("")
		p := s.state("acme", message.Delivered, "", "")
		synctest.Wait()
		done := make(chan struct{})
		began := time.Now()
		go func() {
			defer close(done)
			s.stop()
		}()
		c.wantState(p, message.Delivered)
		c.ends()
		<-done
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("to stop took %s", took)
		}
		if _, err := s.hub.open(t.Context(), "acme"); !errors.Is(err, gateway.ErrStopped) {
			t.Errorf("a stream after that: %v", err)
		}
	})
}

// Thousands of streams cost little each, read the disk once for each account, and leave nothing behind.
func TestEventStreamsMany(t *testing.T) {
	const streams, accounts, most = 2000, 20, 60 << 10
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(testEpoch))
		s := newEventServer(t, EventsOptions{PerAccount: streams, Total: streams})
		var list []account.Account
		for i := range accounts {
			list = append(list, account.Account{Name: fmt.Sprint("a", i), APIKeys: []message.Secret{message.Secret(fmt.Sprint("key", i))}})
		}
		s.accounts = account.NewDirectory(list, nil)
		before, goroutines := memoryInUse(), runtime.NumGoroutine()
		var clients []*eventClient
		for i := range streams {
			clients = append(clients, s.open("", "Authorization", fmt.Sprint("Bearer key", i%accounts)))
		}
		synctest.Wait()
		s.mu.Lock()
		s.reads = 0
		s.mu.Unlock()
		for i := range accounts {
			s.state(fmt.Sprint("a", i), message.Delivered, "", "")
		}
		for _, c := range clients {
			if _, kind, _ := c.event(); kind != "message.state" {
				t.Errorf("event %s", kind)
			}
		}
		synctest.Wait()
		if s.reads > 2*accounts {
			t.Errorf("%d reads of the disk for an event of each of %d accounts", s.reads, accounts)
		}
		each := (memoryInUse() - before) / streams
		t.Logf("%d octets a stream, the client's side included; %d goroutines", each, (runtime.NumGoroutine()-goroutines)/streams)
		if each > most {
			t.Errorf("%d octets a stream", each)
		}
		if s.hub.octets != 0 {
			t.Errorf("%d octets are kept although everybody has them", s.hub.octets)
		}
		for _, c := range clients {
			_ = c.conn.Close()
		}
		synctest.Wait()
		if n := runtime.NumGoroutine(); n > goroutines+5 {
			t.Errorf("%d goroutines are left, there were %d", n, goroutines)
		}
		if s.hub.streams != 0 || len(s.hub.feeds) != 0 || s.followers != 0 {
			t.Errorf("%d streams, %d feeds, %d followers are left", s.hub.streams, len(s.hub.feeds), s.followers)
		}
	})
}

// memoryInUse is what heap and stacks hold.
func memoryInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
