package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"kurir/command"
	"kurir/message"
	"kurir/store"
)

// Programs that messages from phones start are owed like anything else, to a
// target of their own kind:
//
//  1. Who may start it, how old the message is and its one-time code are looked
//     at when its turn has come; the code is used up in the same gather as 2.
//  2. That it starts is put on disk before it starts. After a crash one of which
//     this is on disk and its end is not is given up: a program is started at
//     most once.
//  3. What it wrote answers the phone, where the rule says so, the way a webhook's
//     answer does (answer.go). How it ended is put on disk with that answer, or
//     with the reason for which there is none as yet: one that has ended on disk
//     and still owes an answer had it refused, and lost it with the server.

// commander is the Receiver for message.CommandTarget.
type commander struct {
	g    *Gateway
	ctx  context.Context
	kill context.CancelFunc
	runs sync.WaitGroup

	// Under g.mu.
	closed  bool
	places  map[string]chan struct{}     // by command, as many as it may run at a time
	replies map[commandKey]written       // what was written lately, until it has been accepted
	ended   map[commandKey]message.Event // how they ended, until that is written
	wrong   map[string]*wrongCodes       // by command
}

// commandKey names a command of an inbound message.
type commandKey struct {
	id    message.ID
	index int
}

type written struct {
	text string
	at   time.Time
}

// wrongCodes counts wrong one-time codes in a row.
type wrongCodes struct {
	n    int
	last time.Time
}

const (
	commandsAtOnce = 8 // of one account that run or wait for a place; more wait in its queue
	wrongMost      = 5 // wrong codes in a row, after which a command rests (RFC 4226 7.3)
	wrongRest      = 15 * time.Minute
	repliesMost    = 1000
	repliesKept    = time.Hour
	codeSeries     = "code of " // before the name of a command: a series of that name holds the last code's step
)

func newCommander(g *Gateway) *commander {
	c := &commander{
		g: g, places: map[string]chan struct{}{}, replies: map[commandKey]written{},
		ended: map[commandKey]message.Event{}, wrong: map[string]*wrongCodes{},
	}
	c.ctx, c.kill = context.WithCancel(g.ctx)
	return c
}

// Limit implements Receiver.
func (c *commander) Limit(string) int { return commandsAtOnce }

// Deliver implements Receiver.
func (c *commander) Deliver(_ string, items []*Item) {
	g := c.g
	g.mu.Lock()
	closed := c.closed || g.stopping
	if !closed {
		c.runs.Add(len(items))
	}
	g.mu.Unlock()
	for _, it := range items {
		if closed {
			g.Delivered([]Delivered{{Item: it, Verdict: TryLater, Untried: true}})
			continue
		}
		go func() {
			d := c.handle(it)
			if d.Verdict == GiveUp {
				g.log.Warn("a command was not started", "command", it.Target.Address, "rule", it.Inbound.Rule, "account", it.Inbound.Account,
					"from", it.Inbound.From.String(), "message", it.Inbound.ID.String(), "why", d.Text)
			}
			d.Item = it
			c.runs.Done() // what follows may accept a message
			g.Delivered([]Delivered{d})
		}()
	}
}

// EndCommands starts no more programs, waits for those that run, and kills them
// after that time.
func (g *Gateway) EndCommands(wait time.Duration) {
	c := g.commander
	g.mu.Lock()
	c.closed = true
	g.mu.Unlock()
	kill := time.AfterFunc(wait, c.kill)
	defer kill.Stop()
	c.runs.Wait()
}

// refused is a command that is not run.
func refused(format string, args ...any) Delivered {
	return Delivered{Verdict: GiveUp, Text: fmt.Sprintf(format, args...)}
}

// handle does what an item owes.
func (c *commander) handle(it *Item) Delivered {
	snap := c.g.snap.Load()
	cfg := snap.Commands[it.Target.Address]
	if d, done := c.earlier(it); done {
		return d
	}
	switch {
	case cfg == nil:
		return refused("there is no command %s any more", it.Target.Address)
	case !snap.mayStart(cfg, it.Inbound):
		return refused("the phone may not start the command")
	}
	place := c.place(cfg)
	select {
	case place <- struct{}{}:
		defer func() { <-place }()
	case <-c.ctx.Done():
		return Delivered{Verdict: TryLater, Untried: true}
	}
	began := make(chan error, 1)
	in, d, ok := c.begin(it, cfg, began)
	if !ok {
		return d
	}
	c.g.signal()
	select {
	case err := <-began:
		if err == nil {
			return c.run(it, in, cfg)
		}
	case <-c.ctx.Done():
	}
	return Delivered{Verdict: TryLater, Untried: true}
}

// mayStart tells whether the phone of a message may start a command.
func (s *Snapshot) mayStart(cfg *command.Config, in *message.Inbound) bool {
	list := s.Routes.Lookup().List
	return slices.ContainsFunc(cfg.From, in.From.Matches) ||
		list != nil && slices.ContainsFunc(cfg.Lists, func(name string) bool { return list(name, in.From) })
}

// earlier says what became of an item before: it runs once only.
func (c *commander) earlier(it *Item) (Delivered, bool) {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	if w, ok := c.replies[commandKey{it.Inbound.ID, it.Index}]; ok {
		return Delivered{Reply: w.text}, true
	}
	events, _ := message.DecodeLog(it.Inbound.Log, it.Inbound.ID)
	began := false
	for _, ev := range events {
		switch {
		case int(ev.Part) != it.Index+1:
		case ev.Kind == message.EventCommandEnded && it.Target.Mask == 0:
			return Delivered{Code: ev.Code}, true
		case ev.Kind == message.EventCommandEnded:
			return refused("its answer could not be accepted before the server ended"), true
		case ev.Kind == message.EventCommand:
			began = true
		}
	}
	return refused("was started before the server ended: not started again"), began
}

// place gives the places of a command.
func (c *commander) place(cfg *command.Config) chan struct{} {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	n := cfg.WithDefaults().AtOnce
	if c.places[cfg.Name] == nil || cap(c.places[cfg.Name]) != n {
		c.places[cfg.Name] = make(chan struct{}, n)
	}
	return c.places[cfg.Name]
}

// begin puts into the gather that a command starts; began is told when that is on
// disk. in is the message as the program sees it, without its code.
func (c *commander) begin(it *Item, cfg *command.Config, began chan<- error) (in *message.Inbound, d Delivered, ok bool) {
	g, now := c.g, c.g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	seen := *it.Inbound
	switch {
	case c.closed || g.full != nil:
		return nil, Delivered{Verdict: TryLater, Untried: true}, false
	case tooLate(cfg, &seen, now):
		return nil, refused("the message is older than max_age"), false
	}
	if cfg.Secret != "" {
		var code string
		seen.Content.Text, code = cutCode(seen.Content.Text)
		if why := c.useCode(cfg, code, now); why != "" {
			return nil, refused("%s", why), false
		}
	}
	g.itemEvent(it, message.Event{Kind: message.EventCommand, At: now.UnixMilli(), Text: cfg.Name})
	g.cur.after = append(g.cur.after, func(err error) { began <- err })
	return &seen, d, true
}

func tooLate(cfg *command.Config, in *message.Inbound, now time.Time) bool {
	return now.UnixMilli()-in.Received > cfg.WithDefaults().MaxAge.Milliseconds()
}

// cutCode takes the last word off a text.
func cutCode(text string) (rest, code string) {
	text = strings.TrimRightFunc(text, unicode.IsSpace)
	i := strings.LastIndexFunc(text, unicode.IsSpace) + 1
	return strings.TrimRightFunc(text[:i], unicode.IsSpace), text[i:]
}

// useCode uses a one-time code up, or says why that cannot be done. g.mu is held.
func (c *commander) useCode(cfg *command.Config, code string, now time.Time) string {
	w := c.wrong[cfg.Name]
	if w == nil {
		w = &wrongCodes{}
		c.wrong[cfg.Name] = w
	}
	if w.n >= wrongMost && now.Sub(w.last) < wrongRest {
		return "too many wrong one-time codes: it rests for 15 minutes"
	}
	name := codeSeries + cfg.Name
	step := cfg.Code(code, now, c.g.series[name].Last)
	if step == 0 {
		w.n, w.last = w.n+1, now
		return "the one-time code is wrong or was used before"
	}
	w.n = 0
	n := store.SeriesNumber{Name: name, Last: step}
	c.g.series[name] = n
	c.g.cur.count(n)
	return ""
}

// run runs a command of which it is on disk that it starts.
func (c *commander) run(it *Item, in *message.Inbound, cfg *command.Config) Delivered {
	g := c.g
	var r command.Result
	if tooLate(cfg, in, g.now()) {
		r = command.Result{Exit: -1, Why: "it was not started: by the time that the disk took it, the message was older than max_age"}
	} else {
		r = command.Run(c.ctx, cfg, callOf(cfg, in))
	}
	d := Delivered{Code: uint32(max(0, r.Exit))}
	if it.Target.Mask != 0 {
		d.Reply = r.Output
	}
	text := fmt.Sprintf("%s took %v", cfg.Name, r.Took.Round(time.Millisecond))
	if r.Why != "" {
		text += ": " + r.Why
	}
	g.log.Info("a command has run", "command", cfg.Name, "rule", it.Inbound.Rule, "account", it.Inbound.Account, "from", it.Inbound.From.String(),
		"message", it.Inbound.ID.String(), "exit", r.Exit, "took", r.Took, "problem", r.Why)
	g.mu.Lock()
	c.ended[commandKey{it.Inbound.ID, it.Index}] = message.Event{Kind: message.EventCommandEnded, At: g.now().UnixMilli(), Code: d.Code, Text: text}
	if d.Reply != "" {
		c.keep(commandKey{it.Inbound.ID, it.Index}, d.Reply, g.now())
	}
	g.mu.Unlock()
	return d
}

// end books how a program ended, before what becomes of its item is. g.mu is held.
func (c *commander) end(it *Item) {
	key := commandKey{it.Inbound.ID, it.Index}
	if ev, ok := c.ended[key]; ok {
		delete(c.ended, key)
		c.g.itemEvent(it, ev)
	}
}

// keep remembers what a program wrote: if it cannot be accepted now it can later,
// and the program does not run again for it. g.mu is held.
func (c *commander) keep(key commandKey, text string, now time.Time) {
	if len(c.replies) >= repliesMost {
		for k, w := range c.replies {
			if now.Sub(w.at) > repliesKept {
				delete(c.replies, k)
			}
		}
	}
	if len(c.replies) < repliesMost {
		c.replies[key] = written{text, now}
	}
}

// callOf is what a program gets of a message.
func callOf(cfg *command.Config, in *message.Inbound) command.Call {
	word, rest := cutWord(in.Content.Text)
	call := command.Call{Input: []byte(in.Content.Text), Env: []string{
		"KURIR_FROM=" + in.From.String(), "KURIR_TO=" + in.To.String(), "KURIR_TEXT=" + in.Content.Text,
		"KURIR_KEYWORD=" + word, "KURIR_REST=" + rest, "KURIR_ACCOUNT=" + in.Account, "KURIR_LINK=" + in.Link,
		"KURIR_RULE=" + in.Rule, "KURIR_TAG=" + in.Tag, "KURIR_SERIES=" + in.Series, "KURIR_CASE=" + in.Case,
		"KURIR_ID=" + in.ID.String(), "KURIR_RECEIVED=" + time.UnixMilli(in.Received).UTC().Format(time.RFC3339),
	}}
	if len(in.Content.Data) > 0 {
		call.Input = in.Content.Data
	}
	for _, arg := range cfg.Run[1:] {
		text, _ := fillTemplate(arg, in) // checked with the file
		call.Args = append(call.Args, text)
	}
	return call
}

// CommandProblem says what is wrong with an argument of a command; empty for nothing.
func CommandProblem(arg string) string { return templateProblem(arg) }
