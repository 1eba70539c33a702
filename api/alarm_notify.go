package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/gateway"
	"kurir/mail"
	"kurir/message"
)

// AlarmNotifier tells people of alarms: the log at once, and each way of the
// settings once for an event. What begins within some seconds is one mail and one
// SMS, and the next follows a minute later at the earliest, however much there is.
// What cannot be handed over is tried again for a while. All fields are required.
type AlarmNotifier struct {
	Book     *alarm.Book
	Settings func() alarm.Settings
	Accounts func() *account.Directory
	Accept   func(subs []*gateway.Submission, done gateway.Done) // Gateway.Accept
	Webhook  *Webhook
	Log      *slog.Logger

	sends sync.WaitGroup
	mails chan *notice                                             // by way of a channel for each, so that none holds up another
	texts chan *notice                                             //
	calls chan *notice                                             //
	post  func(c *call) (int, string, error)                       // in place of Webhook's, for tests
	mail  func(context.Context, *mail.Server, *mail.Message) error // likewise of Server.Send
}

const (
	alarmLook  = 2 * time.Second // between looks at the book
	alarmPause = time.Minute     // between two mails, and two SMS
	alarmTries = 6
	alarmWait  = 10 * time.Second // after the first failure; it doubles
	alarmQueue = 100              // batches that wait for one way
	alarmsTold = 20               // in one mail
)

// Run tells until ctx ends.
func (n *AlarmNotifier) Run(ctx context.Context) {
	n.mails, n.texts, n.calls = make(chan *notice, alarmQueue), make(chan *notice, alarmQueue), make(chan *notice, alarmQueue)
	n.sends.Go(func() { n.way(ctx, n.mails, alarmPause, n.sendMail) })
	n.sends.Go(func() { n.way(ctx, n.texts, alarmPause, n.sendSMS) })
	n.sends.Go(func() { n.way(ctx, n.calls, 0, n.callWebhook) })
	tick := time.NewTicker(alarmLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			n.sends.Wait()
			return
		case now := <-tick.C:
			n.look(now)
		}
	}
}

// look hands what is new to each way.
func (n *AlarmNotifier) look(now time.Time) {
	events := n.Book.Untold(now)
	if len(events) == 0 {
		return
	}
	for i := range events {
		e := &events[i]
		if e.Ended.IsZero() {
			n.Log.Warn("alarm", "kind", e.Kind, "about", e.Subject, "text", e.Text)
		} else {
			n.Log.Info("alarm is over", "kind", e.Kind, "about", e.Subject)
		}
	}
	ways := []chan *notice{n.mails, n.texts, n.calls}
	told := &notice{events: events}
	told.left.Store(int32(len(ways)))
	for _, way := range ways {
		select {
		case way <- told:
		default:
			n.Log.Error("too many alarms wait to be told; these are in the list only", "events", len(events))
			n.done(told)
		}
	}
}

// notice is what was new at one look.
type notice struct {
	events []alarm.Event
	left   atomic.Int32 // ways that have not told it
}

// done notes that one way has told a notice, or given up.
func (n *AlarmNotifier) done(told *notice) {
	if told.left.Add(-1) == 0 {
		n.Book.Told(told.events)
	}
}

// way sends what comes by a channel, all that has come at a time. send gives what does
// so; it is called again while that fails, for what is left.
func (n *AlarmNotifier) way(ctx context.Context, in <-chan *notice, pause time.Duration, send func([]alarm.Event) func(context.Context) error) {
	for {
		var notices []*notice
		select {
		case <-ctx.Done():
			return
		case first := <-in:
			notices = append(notices, first)
		}
		for more := true; more; {
			select {
			case next := <-in:
				notices = append(notices, next)
			default:
				more = false
			}
		}
		var events []alarm.Event
		for _, told := range notices {
			events = append(events, told.events...)
		}
		wait, try := alarmWait, send(events)
		for tries := 1; ; tries++ {
			err := try(ctx)
			if err == nil {
				break
			}
			if tries == alarmTries {
				n.Log.Error("an alarm cannot be told", "events", len(events), "error", err)
				break
			}
			if !sleep(ctx, wait) {
				return
			}
			wait *= 2
		}
		for _, told := range notices {
			n.done(told)
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// sleep tells whether ctx still runs after d.
func sleep(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// callWebhook makes a call for each event, in their order.
func (n *AlarmNotifier) callWebhook(events []alarm.Event) func(context.Context) error {
	return func(context.Context) error {
		for len(events) > 0 {
			if err := n.callOne(&events[0]); err != nil {
				return err
			}
			events = events[1:]
		}
		return nil
	}
}

// callOne tells the webhook, if there is one, of an event.
func (n *AlarmNotifier) callOne(event *alarm.Event) error {
	set := n.Settings()
	if set.Webhook == "" {
		return nil
	}
	post := n.post
	if post == nil {
		post = n.Webhook.caller.do
	}
	e := webhookEvent{Type: typeAlarmBegan, ID: "alarm-" + event.ID.String(), Timestamp: seenTime(time.Now()), Data: viewAlarm(event)}
	if !event.Ended.IsZero() {
		e.Type, e.ID = typeAlarmEnded, e.ID+"-end"
	}
	body, err := marshal(&e)
	if err != nil {
		return err
	}
	c := &call{method: http.MethodPost, address: set.Webhook, trusted: true, body: body, header: webhookHeader(e.ID, time.Now().Unix(), body, set.WebhookSecret.Reveal(), "")}
	status, _, err := post(c)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	if (status < 200 || status >= 300) && status != http.StatusGone {
		return fmt.Errorf("webhook: it answered %d", status)
	}
	return nil
}

// sendMail writes one mail of all events.
func (n *AlarmNotifier) sendMail(events []alarm.Event) func(context.Context) error {
	return func(ctx context.Context) error { return n.mailOf(ctx, events) }
}

func (n *AlarmNotifier) mailOf(ctx context.Context, events []alarm.Event) error {
	set := n.Settings().Mail
	if set.Server == "" {
		return nil
	}
	var text strings.Builder
	for i := range events[:min(len(events), alarmsTold)] {
		fmt.Fprintln(&text, alarmLine(&events[i]))
	}
	if more := len(events) - alarmsTold; more > 0 {
		fmt.Fprintf(&text, "and %d more\n", more)
	}
	text.WriteString("\nThe list, and how to acknowledge: kurir status alarms, or GET /v1/alarms/events\n")
	m := &mail.Message{
		From: set.From, To: set.To, Subject: "Kurir: " + alarmTitle(events), Text: text.String(),
		ID: "alarm-" + events[0].ID.String() + "-" + fmt.Sprint(time.Now().UnixNano()) + "@" + set.From[strings.LastIndexByte(set.From, '@')+1:], Date: time.Now(),
	}
	send := n.mail
	if send == nil {
		send = func(ctx context.Context, s *mail.Server, m *mail.Message) error { return s.Send(ctx, m) }
	}
	return send(ctx, mailServer(&set.MailServer), m)
}

// alarmTitle sums events up in a line.
func alarmTitle(events []alarm.Event) string {
	title := events[0].Text
	if !events[0].Ended.IsZero() {
		title = "over: " + title
	}
	if len(events) > 1 {
		title += fmt.Sprintf(" (and %d more)", len(events)-1)
	}
	return title
}

func alarmLine(e *alarm.Event) string {
	if e.Ended.IsZero() {
		return fmt.Sprintf("%s  %s", e.Began.UTC().Format(time.RFC3339), e.Text)
	}
	return fmt.Sprintf("%s  over since %s: %s", e.Began.UTC().Format(time.RFC3339), e.Ended.UTC().Format(time.RFC3339), e.Text)
}

// sendSMS sends one message to each number, of what began.
func (n *AlarmNotifier) sendSMS(events []alarm.Event) func(context.Context) error {
	began := slices.DeleteFunc(slices.Clone(events), func(e alarm.Event) bool { return !e.Ended.IsZero() })
	left := n.Settings().SMS.To
	return func(ctx context.Context) (err error) {
		set := n.Settings().SMS
		a := n.Accounts().ByName(set.Account)
		if set.Account == "" || a == nil || len(began) == 0 || len(left) == 0 {
			return nil
		}
		left, err = n.textTo(ctx, left, gateway.Submission{
			Account: a, Via: message.ViaREST, From: set.From, Priority: message.Urgent, Anytime: true,
			Content: message.Content{Text: clipText("Kurir: "+alarmTitle(began), alarmSMS), Class: -1},
		})
		return err
	}
}

// textTo sends a message to numbers. It returns those to whom it is to be sent again:
// who is refused for good, the log names.
func (n *AlarmNotifier) textTo(ctx context.Context, numbers []string, text gateway.Submission) (left []string, err error) {
	subs := make([]*gateway.Submission, len(numbers))
	for i, to := range numbers {
		sub := text
		sub.To = to
		subs[i] = &sub
	}
	done := make(chan []gateway.Result, 1)
	n.Accept(subs, func(r []gateway.Result) { done <- r })
	select {
	case results := <-done:
		for i := range results {
			f := results[i].Failure
			switch {
			case f == nil:
			case f.Kind.Temporary():
				left, err = append(left, numbers[i]), fmt.Errorf("SMS to %s: %w", numbers[i], f)
			default:
				n.Log.Error("an alarm cannot be told by SMS", "to", numbers[i], "error", f)
			}
		}
	case <-ctx.Done():
	}
	return left, err
}

// alarmSMS is how many characters of an alarm are in an SMS.
const alarmSMS = 150

// clipText cuts a text after so many characters.
func clipText(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-3]) + "..."
	}
	return text
}
