package gateway

import (
	"cmp"
	"fmt"
	"time"

	"kurir/directory"
	"kurir/gsm"
	"kurir/message"
	"kurir/route"
)

// ExplainedInbound is where a message from a phone would go.
type ExplainedInbound struct {
	Before  []Step // what comes before the rules, in its order, where it is configured
	Rules   []route.Considered
	Behind  []Step     // and behind them
	Account string     // whose it would be; empty for nobody's
	Answers message.ID // the message that it would answer; 0 for none
	Goes    []string   // where, in plain words; none: it waits in the inbox
	Clashes []string   // of the rule that matches with others, in plain words
}

// Step is what is looked at for a message from a phone beside the rules.
type Step struct {
	Name    string // opt-out, or that which is shown in place of a rule's
	Matched bool   // it decides
	Why     string
}

// ExplainInbound tells what the configuration in force would do with a message
// from a phone that comes at that time, in the order in which it does that. It
// reads what was sent to the phone; nothing is stored.
func (g *Gateway) ExplainInbound(in *message.Inbound, at time.Time) ExplainedInbound {
	s := g.snap.Load()
	var e ExplainedInbound
	written := in.To
	a, err := g.answerOf(s, in.Link, in.From, in.To, at)
	digits := s.withoutDigits(in, a)
	if stop, ok := s.explainOptOut(in, digits); ok {
		e.Before = append(e.Before, stop)
		if stop.Matched {
			owner := s.Accounts.ByNumber(in.To.Number)
			in.Account, in.Targets = owner.Name, defaultTargets(owner)
			return e.goes(s, in)
		}
	}
	s.explainSteps(&e, in, s.explainTie(written, a, digits, err), digits, at)
	s.addressAnswer(in, a, digits, at)
	s.explainDefault(&e, in, at)
	if last := len(e.Rules) - 1; last >= 0 && e.Rules[last].Matched {
		e.Clashes = s.clashesOf(last)
	}
	return e.goes(s, in)
}

// goes fills in whose the message is and where it goes.
func (e ExplainedInbound) goes(s *Snapshot, in *message.Inbound) ExplainedInbound {
	e.Account, e.Answers = in.Account, in.Answers
	if in.Series != "" {
		e.Goes = append(e.Goes, "a case number of the series "+in.Series)
	}
	shown := *in // whose id and case number are not given yet: templates show where they will stand
	if shown.Series != "" && shown.Case == "" {
		shown.Case = "{case}"
	}
	for _, t := range in.Targets {
		e.Goes = append(e.Goes, s.showTarget(&shown, t))
	}
	return e
}

// explainOptOut tells what heed would make of a message; false where the number
// is of no account with opt-out.
func (s *Snapshot) explainOptOut(in *message.Inbound, digits bool) (Step, bool) {
	owner := s.Accounts.ByNumber(in.To.Number)
	if owner == nil || s.optOuts[owner.Name] == nil {
		return Step{}, false
	}
	step := Step{Name: "opt-out", Why: "the text says neither stop nor start"}
	if digits {
		step.Why = "within a dialog such words are for the account whose message is answered"
		return step, true
	}
	said, word := s.optOuts[owner.Name].words.Heard(in.Content.Text, owner.Name, owner.Sender)
	_, phone := phoneOf(in.From, cmp.Or(owner.Country, s.Country))
	switch {
	case said == directory.SaidNothing || in.Encoding == gsm.Binary:
	case !phone:
		step.Why = "the sender is not the number of a phone"
	default:
		step.Matched, step.Why = true, fmt.Sprintf("%v opts the phone out of messages of %s, or in again", word, owner.Name)
	}
	return step, true
}

// explainTie tells which message one from a phone answers: by digits, else as the
// last that was sent from the number written to.
func (s *Snapshot) explainTie(written message.Address, a replyTo, digits bool, err error) Step {
	step := Step{Name: ruleLastWriter}
	if digits {
		step.Name = ruleDialog
	}
	rule, _ := s.replyRule(written)
	switch {
	case rule == nil:
	case err != nil:
		step.Why = "what was sent to the phone cannot be read now: " + err.Error()
	case a.account == "" && digits:
		step.Why = fmt.Sprintf("the digits behind %s are of no dialog with the phone within %v; they are left out", rule.Number, rule.within())
	case a.account == "":
		step.Why = fmt.Sprintf("nobody wrote to the phone from %s within %v", rule.Number, rule.within())
	case s.Accounts.ByName(a.account) == nil:
		step.Why = fmt.Sprintf("it answers the message %s of %s, an account that there is no more", a.to, a.account)
	case digits && !a.phone.IsZero():
		step.Matched, step.Why = true, fmt.Sprintf("the digits behind the phone's number %s are of an open dialog: it answers the message %s of %s", a.phone, a.to, a.account)
	case digits:
		step.Matched, step.Why = true, fmt.Sprintf("the digits behind %s are of an open dialog: it answers the message %s of %s", rule.Number, a.to, a.account)
	default:
		step.Matched, step.Why = true, fmt.Sprintf("%s wrote to the phone last from %s: it answers the message %s", a.account, rule.Number, a.to)
	}
	if step.Matched && a.author != "" {
		step.Why += ", which " + a.author + " wrote as a mail"
	}
	return step
}
