package message

// Special is what few messages have; nil for most. It never changes once a
// message has it, so that messages may share one.
type Special struct {
	Secret bool    // the text is shown to nobody, and erased when the message is final
	ByLoad bool    // the least loaded of its links is tried first
	Tag    string  // the customer's word for rules of routes (NameProblem)
	From   Address // what links show as the sender, by the rule of its route; zero: From of the message
	To     Address // likewise as the recipient

	Dialog string // digits by which an answer is tied to it, behind From or behind To; empty: none

	Dimensions Dimensions // what its cost is put down to
	Lumped     bool       // in sums they count as others: there are too many to be summed one by one
	Hours      string     // when its customer lets it be sent (Hours.String); empty: always
	Mailing    ID         // the mailing of which it is one; 0 for none
	RouteHours string     // when its route does, in place of its account's hours; empty: as the account says
}

// Secret tells whether the text of the message is shown to nobody.
func (m *Message) Secret() bool { return m.Special != nil && m.Special.Secret }

// Tag returns the message's tag; empty if it has none.
func (m *Message) Tag() string {
	if m.Special == nil {
		return ""
	}
	return m.Special.Tag
}

// Dimensions returns what the message's cost is put down to; empty for most.
func (m *Message) Dimensions() Dimensions {
	if m.Special == nil {
		return ""
	}
	return m.Special.Dimensions
}

// With returns s with a change, as one that may be shared and must not be
// changed itself; nil is none.
func (s *Special) With(change func(*Special)) *Special {
	var with Special
	if s != nil {
		with = *s
	}
	change(&with)
	return &with
}

// ShownFrom returns the sender that links are given, before what each of them
// makes of it.
func (m *Message) ShownFrom() Address {
	if m.Special != nil && !m.Special.From.IsZero() {
		return m.Special.From
	}
	return m.From
}

// ShownTo returns the recipient that links are given.
func (m *Message) ShownTo() Address {
	if m.Special != nil && !m.Special.To.IsZero() {
		return m.Special.To
	}
	return m.To
}
