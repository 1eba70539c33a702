package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"kurir/simulator"
)

// Traffic of the demo: how much there is at once, and how far apart what follows is at most.
const (
	demoAtOnce = 60
	demoApart  = 6 * time.Second
)

// demoUnseen is how the numbers begin that the demo's traffic goes to, which have no phone on the page.
const demoUnseen = "467010001"

// demoTraffic is what a small hospital writes and reads while somebody looks at the demo. It is a customer as any other, over REST.
type demoTraffic struct {
	base, key string
	sim       *simulator.Simulator
	client    http.Client // its calls end with the context
}

// demoPeople are the demo's contacts. A number that ends in 99 and a code has a fate of the simulator's.
var demoPeople = []struct{ name, mobile, ward string }{
	{"Anna Berg", "+46701000111", "4"},
	{"Bo Lind", "+46701000112", "4"},
	{"Cecilia Ek", "+46701000113", "2"},
	{"David Holm", "+46701000114", "2"},
	{"Eva Nyström", "+46701000115", "7"},
	{"Farid Aziz", "+46701000116", "7"},
	{"Greta Sand (number out of use)", "+46701000199605", "1"},
	{"Henrik Öberg (phone often off)", "+46701000199603", "1"},
}

// demoTexts are what is written to them.
var demoTexts = []string{
	"Your appointment in ward %s is at 10:15. Answer N if you cannot come.",
	"Ward %s: the lift is out of order, take the stairs.",
	"A shift in ward %s is free tonight, 22-07. Answer YES to take it.",
	"Fridge in ward %s: 9.2 degrees, limit is 8. Please look.",
	"Påminnelse: provtagning på avdelning %s kl 08.00. Välkommen!",
	"Server room %s: temperature is back to normal.",
}

// demoTemplates are texts to choose from, with placeholders.
var demoTemplates = map[string]string{
	"Appointment": "Your appointment is on {day} at {time}. Answer N if you cannot come.",
	"Free shift":  "A shift is free on {day}, 22-07. Answer YES to take it.",
}

// demoRota says who is on duty in ward 4: a message to it asks the next when nobody answers, and the night shift in the end.
var demoRota = map[string]any{
	"name": "ward4", "account": "demo", "country": "SE",
	"layers": []map[string]any{
		{"name": "days", "start": "2026-01-05", "slots": []map[string]any{{"who": "contact:Anna Berg"}}, "when": "mon-fri 07:00-17:00"},
		{"name": "nights", "start": "2026-01-05", "handover": "07:00", "fills": true, "slots": []map[string]any{
			{"who": "contact:Bo Lind", "days": 4}, {"who": "contact:Cecilia Ek", "days": 3},
		}},
	},
	"escalation": map[string]any{"wait": "2m", "then": []map[string]any{
		{"who": "contact:David Holm", "wait": "2m"}, {"who": "group:Night shift", "together": true},
	}},
}

// demoAnswers are what phones write back.
var demoAnswers = []string{"YES", "On my way", "N", "Thanks!", "Tack, jag kommer", "Which room?"}

// startDemoTraffic begins it, unless nothing is to be sent; what it gives ends it.
func startDemoTraffic(ctx context.Context, o demoOptions, base, key string, sim *simulator.Simulator) (end func()) {
	if o.quiet {
		return func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		d := demoTraffic{base: base, key: key, sim: sim}
		d.run(ctx)
		d.client.CloseIdleConnections()
	}()
	return func() {
		stop()
		<-done
	}
}

// run writes until ctx ends. What is refused meanwhile is left out: it is traffic to look at, no more.
func (d *demoTraffic) run(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for sent := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		switch {
		case sent == 0 && d.people(ctx) != nil: // the server has not begun yet
			pause.Reset(200 * time.Millisecond)
			continue
		case sent%5 == 4:
			d.answer()
		}
		d.write(ctx)
		if sent++; sent < demoAtOnce {
			pause.Reset(50 * time.Millisecond)
			continue
		}
		pause.Reset(demoApart/4 + rand.N(demoApart))
	}
}

// people makes the contacts and their group, the templates and the rota, those that are not there yet.
func (d *demoTraffic) people(ctx context.Context) error {
	if err := d.ask(ctx, "/v1/groups", map[string]any{"name": "Night shift"}); err != nil {
		return err
	}
	var names []string
	for _, p := range demoPeople {
		contact := map[string]any{"name": p.name, "mobile": p.mobile, "fields": map[string]string{"ward": p.ward}}
		if err := d.ask(ctx, "/v1/contacts", contact); err != nil {
			return err
		}
		names = append(names, p.mobile)
	}
	if err := d.ask(ctx, "/v1/groups/Night%20shift/members", map[string]any{"add": names[:4]}); err != nil {
		return err
	}
	for name, text := range demoTemplates {
		if err := d.ask(ctx, "/v1/templates", map[string]any{"name": name, "text": text}); err != nil {
			return err
		}
	}
	return d.ask(ctx, "/v1/config/rotas", demoRota)
}

// write sends a text to one of them.
func (d *demoTraffic) write(ctx context.Context) {
	p := demoPeople[rand.N(len(demoPeople)-2)]
	if rand.N(12) == 0 {
		p = demoPeople[len(demoPeople)-1-rand.N(2)]
	}
	text := fmt.Sprintf(demoTexts[rand.N(len(demoTexts))], p.ward)
	priority := "normal"
	if rand.N(6) == 0 {
		priority = "high"
	}
	_ = d.ask(ctx, "/v1/messages", map[string]any{"to": p.mobile, "from": demoNumber, "text": text, "priority": priority})
}

// answer has one of the phones write back.
func (d *demoTraffic) answer() {
	p := demoPeople[rand.N(len(demoPeople)-2)]
	_ = d.sim.Inject(simulator.Inbound{From: p.mobile, To: demoNumber, Text: demoAnswers[rand.N(len(demoAnswers))]})
}

// ask makes a POST. What is there already is as good as made.
func (d *demoTraffic) ask(ctx context.Context, path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	var answer json.RawMessage
	client := sendClient{http: &d.client, options: &sendOptions{key: d.key}}
	_, err = client.ask(ctx, http.MethodPost, d.base+path, text, &answer)
	return err
}
