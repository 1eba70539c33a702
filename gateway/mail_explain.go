package gateway

import (
	"fmt"
	"strings"
	"time"

	"kurir/message"
)

// explainSteps tells of each step of the lookup what it finds, in the order of the
// settings: up to the one that decides, and of the last writer also behind it. tied is
// the dialog or the last writer; digits says that it is a dialog's.
func (s *Snapshot) explainSteps(e *ExplainedInbound, in *message.Inbound, tied Step, digits bool, at time.Time) {
	steps, decided := &e.Before, ""
	for _, name := range s.Mail.steps() {
		if name == StepRule {
			steps = &e.Behind
			if decided == "" {
				e.Rules = s.Inbound.explain(in, at)
			}
			if last := len(e.Rules) - 1; last >= 0 && e.Rules[last].Matched {
				decided = "a rule"
			}
			continue
		}
		step, ok := s.explainStep(name, in, tied, digits)
		if !ok || decided != "" && name != StepWriter {
			continue
		}
		if step.Matched && decided != "" {
			step.Matched, step.Why = false, decided+" comes first; else: "+step.Why
		} else if step.Matched {
			decided = "the " + step.Name
		}
		*steps = append(*steps, step)
	}
}

// explainStep tells what one step finds; false where it is not configured.
func (s *Snapshot) explainStep(name LookupStep, in *message.Inbound, tied Step, digits bool) (Step, bool) {
	aliases := s.Aliases.Len() > 0
	switch name {
	case StepDialog:
		return tied, digits
	case StepWriter:
		rule, _ := s.replyRule(in.To)
		return tied, rule != nil && !digits
	case StepNumber:
		if len(s.numberAlias(in.To)) > 0 {
			return Step{ruleNumber, true, fmt.Sprintf("%s is an alias", in.To)}, true
		}
		return Step{ruleNumber, false, fmt.Sprintf("%s is no alias", in.To)}, aliases
	case StepExtended:
		if _, number := s.extendedAlias(in.To); number != "" {
			return Step{ruleExtended, true, fmt.Sprintf("the digits %s behind %s are an alias", strings.TrimPrefix(in.To.Number, number), number)}, true
		}
		return Step{ruleExtended, false, "no digits that are an alias stand behind a number of ours"}, s.Mail != nil && len(s.Mail.Extended) > 0
	case StepWord:
		word := firstWord(in.Content.Text)
		if len(s.wordAlias(in.Content.Text)) > 0 {
			return Step{ruleWord, true, fmt.Sprintf("the first word %.40q is an alias", word)}, true
		}
		return Step{ruleWord, false, fmt.Sprintf("the first word %.40q is no alias", word)}, aliases
	case StepAddress:
		return s.explainAddress(in)
	}
	return Step{}, false
}

// explainAddress tells of the mail address in a text.
func (s *Snapshot) explainAddress(in *message.Inbound) (Step, bool) {
	step := Step{Name: ruleAddress, Why: "the text begins with no mail address"}
	address, permitted := s.Mail.addressIn(in.Content.Text)
	switch {
	case permitted:
		step.Matched, step.Why = true, "the text begins with "+address
	case address != "":
		step.Why = fmt.Sprintf("the text begins with %s, to which phones may not write (addresses of mail)", address)
	}
	return step, s.Mail != nil && len(s.Mail.Addresses) > 0
}

// explainDefault tells which default mailbox took a message whose receiver has been
// looked up, where there are any and no step found one.
func (s *Snapshot) explainDefault(e *ExplainedInbound, in *message.Inbound, at time.Time) {
	if step, ok := s.explainRota(in, at); ok {
		e.Behind = append(e.Behind, step)
	}
	if s.Mail == nil || len(s.Mail.Default) == 0 || in.Rule != "" && in.Rule != ruleDefault {
		return
	}
	step := Step{Name: ruleDefault, Matched: in.Rule == ruleDefault, Why: "nothing else takes it"}
	if !step.Matched {
		step.Why = "none is for this number or link, and it is an account's"
	}
	e.Behind = append(e.Behind, step)
}
