package web

import (
	"fmt"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/route"
)

// chapter is one line of a message's story.
type chapter struct {
	Time, After string // After: how long after the line before
	Text        string
	Detail      string // the network's words, ids and codes
	Kind        string // good, bad or plain, for its mark
}

// story tells a trace in the user's language, and why the message did not arrive as far as the network said so.
func (v *visit) story(t *gateway.Trace) (list []chapter, why string) {
	var before time.Time
	for i := range t.Events {
		e := t.Events[i]
		e.In(v.lang())
		c := chapter{Time: showTime(e.At), Text: v.sentence(&e), Kind: kindOf(&e), Detail: v.detail(&e)}
		if later := e.At.Sub(before); i > 0 && later >= time.Millisecond {
			c.After = "+" + since(later)
		}
		before = e.At
		list = append(list, c)
		if e.Failure != message.NoFailure {
			why = e.Failure.Sentence(v.lang())
		}
	}
	if s := t.Message.State; s == message.Delivered || s == message.Sent {
		why = ""
	}
	return list, why
}

// sentence says what happened.
func (v *visit) sentence(e *gateway.TraceEntry) string {
	lang := v.lang()
	text := v.words(lang, "story."+e.What)
	if e.Part > 1 {
		text = v.words(lang, "story.part", e.Part) + " " + text
	}
	if e.Link != "" {
		text += " " + v.words(lang, "story.link", e.Link)
	}
	if e.State != "" {
		text += ": " + v.words(lang, "state."+e.State)
	}
	if e.Seconds > 0 {
		text += " " + v.words(lang, "story.wait", (time.Duration(e.Seconds)*time.Second).String())
	}
	return text
}

// detail says what stands behind it: why it failed, and for whoever may see texts the words of the trace, which may quote them.
func (v *visit) detail(e *gateway.TraceEntry) string {
	var parts []string
	if e.Failure != message.NoFailure {
		parts = append(parts, e.Failure.Sentence(v.lang()))
	} else if e.Text != "" && v.user.May(account.SeeTexts) {
		parts = append(parts, v.stepText(e))
	}
	if e.ID != "" {
		parts = append(parts, v.words(v.lang(), "story.id", e.ID))
	}
	if e.Code != 0 {
		parts = append(parts, v.words(v.lang(), "story.code", fmt.Sprint(e.Code)))
	}
	return strings.Join(parts, ", ")
}

// stepText is what else a step says. Of what was said to a customer's server, and of what that said, nothing is ours.
func (v *visit) stepText(e *gateway.TraceEntry) string {
	switch e.What {
	case message.EventLane.String():
		return v.word(e.Text)
	case message.EventReserved.String(), message.EventCharged.String(), message.EventRefunded.String():
		return strings.ReplaceAll(v.inWords(e.Text), " or ", " "+v.words(v.lang(), "story.or")+" ")
	}
	return v.inWords(e.Text)
}

// considered gives the rules that were looked at with why in the user's language.
func (v *visit) considered(rules []route.Considered) []route.Considered {
	for i := range rules {
		rules[i].Why = v.inWords(rules[i].Why)
	}
	return rules
}

// kindOf is how a line is marked.
func kindOf(e *gateway.TraceEntry) string {
	switch e.What {
	case message.EventFailed.String(), message.EventTellFailed.String(), message.EventToldTooOld.String(), message.EventUncertain.String():
		return "bad"
	}
	switch e.State {
	case message.Delivered.String(), message.Sent.String():
		return "good"
	case message.Undeliverable.String(), message.Rejected.String(), message.Expired.String(), message.Deleted.String(), message.Unknown.String():
		return "bad"
	}
	return "plain"
}

// since shows a duration with the two largest of its units.
func since(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
