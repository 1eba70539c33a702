package gateway

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"kurir/gsm"
	"kurir/message"
)

// Changed is what was done to a text so that it fits what its account allows.
// Nothing is changed in silence: the customer and the trace are told.
type Changed struct {
	Replaced []gsm.Replaced // characters and their plain form
	Cut      int            // characters left out at the end
	By       string         // name of the filter that changed the message; empty for none
}

// texts writes the text of a message by the rules of its account, if it has
// any; its links are chosen and its size is measured.
//
//  1. What needs UCS-2 is written in the table of a language where all links
//     carry that and it takes fewer parts.
//  2. What needs UCS-2 still is simplified or refused.
//  3. What is longer than one message is cut or refused.
func (s *Snapshot) texts(m *message.Message, r *message.TextRules) (*Changed, *message.Failure) {
	c := &m.Content
	if m.Encoding == gsm.Binary || len(c.Data) > 0 {
		return nil, nil
	}
	var changed *Changed
	if m.Encoding == gsm.UCS2 && (c.Want == gsm.Auto || r.Unicode != message.UnicodeAllow) {
		var f *message.Failure
		if changed, f = s.withoutUnicode(m, r); f != nil {
			return nil, f
		}
	}
	if m.Parts == 1 {
		return changed, nil
	}
	switch r.Long {
	case message.LongRefuse:
		return nil, message.Fail(message.BadContent, "text", "the text needs %d parts; only texts of one message are allowed", m.Parts)
	case message.LongCut:
		if changed == nil {
			changed = &Changed{}
		}
		return changed, s.cutText(m, changed)
	}
	return changed, nil
}

// withoutUnicode writes a text that UCS-2 was chosen for, or asked for, in
// septets if it can be.
func (s *Snapshot) withoutUnicode(m *message.Message, r *message.TextRules) (*Changed, *message.Failure) {
	c := &m.Content
	h, _, _ := gsm.ParseHeader(c.Header) // measured before
	_, part := h.Concat()
	if languages := r.Languages & s.languages(m.Links); languages != 0 && !part {
		size, err := gsm.MeasureWith(c.Text, gsm.SplitOptions{Header: h, Languages: languages})
		if err == nil && size.Encoding == gsm.GSM7 {
			m.Encoding, m.Parts = size.Encoding, uint8(size.Parts)
			if !size.Shift.IsZero() {
				c.Header = h.WithShift(size.Shift).Append(nil)
			}
			return nil, nil
		}
	}
	switch {
	case r.Unicode == message.UnicodeRefuse:
		return nil, refuseUnicode(m)
	case r.Unicode == message.UnicodeSimplify && !part: // the other parts may go out in UCS-2
		return s.simplify(m, h)
	}
	return nil, nil
}

// languages returns the languages that all of some links carry.
func (s *Snapshot) languages(links []string) gsm.Languages {
	all := ^gsm.Languages(0)
	for _, name := range links {
		all &= s.Links[name].Languages
	}
	return all
}

// simplify puts the plain form in the place of what the alphabet lacks.
func (s *Snapshot) simplify(m *message.Message, h gsm.Header) (*Changed, *message.Failure) {
	text, told, whole := gsm.Simplify(m.Content.Text)
	if !whole {
		return nil, nil // it keeps Unicode; preview says why
	}
	size, err := gsm.MeasureWith(text, gsm.SplitOptions{Encoding: gsm.GSM7, Header: h.WithShift(gsm.Shift{})})
	if err != nil {
		return nil, nil
	}
	if !h.Shift().IsZero() {
		m.Content.Header = h.WithShift(gsm.Shift{}).Append(nil)
	}
	m.Content.Text, m.Content.Want = text, gsm.GSM7
	m.Encoding, m.Parts = size.Encoding, uint8(size.Parts)
	if len(told) == 0 {
		return nil, nil
	}
	return &Changed{Replaced: told}, nil
}

// refuseUnicode names the first character that septets cannot write; nil for a
// text that only asked for UCS-2, which then goes in septets.
func refuseUnicode(m *message.Message) *message.Failure {
	c := &m.Content
	h, _, _ := gsm.ParseHeader(c.Header)
	size, err := gsm.MeasureWith(c.Text, gsm.SplitOptions{Header: h})
	if err == nil && size.Encoding == gsm.GSM7 {
		m.Encoding, m.Parts, c.Want = gsm.GSM7, uint8(size.Parts), gsm.GSM7
		return nil
	}
	at := strings.IndexRune(c.Text, size.Forcing)
	if err != nil || at < 0 {
		return message.Fail(message.BadContent, "text", "the text needs Unicode, which the account does not allow")
	}
	f := message.Fail(message.BadContent, "text", "character %U, number %d of the text, needs Unicode, which the account does not allow",
		size.Forcing, utf8.RuneCountInString(c.Text[:at])+1)
	if _, told, _ := gsm.Simplify(string(size.Forcing)); len(told) == 1 && !told[0].Kept {
		f.Text += fmt.Sprintf("; %q could take its place", told[0].By)
	}
	return f
}

// cutText keeps of a text what fits into one message.
func (s *Snapshot) cutText(m *message.Message, changed *Changed) *message.Failure {
	c := &m.Content
	h, _, _ := gsm.ParseHeader(c.Header)
	first, err := gsm.First(c.Text, gsm.SplitOptions{Encoding: m.Encoding, Header: h})
	if err != nil {
		return &message.Failure{Kind: message.BadContent, Field: "text", Text: err.Error()}
	}
	changed.Cut = utf8.RuneCountInString(c.Text[len(first):])
	c.Text, m.Parts = first, 1
	return nil
}

// events notes in the trace what was changed. Replacements are told by code
// point, as mistakes in texts are.
func (c *Changed) events(m *message.Message, now time.Time) {
	if len(c.Replaced) > 0 {
		n := 0
		var list []byte
		for i, r := range c.Replaced {
			n += r.Count
			if i < replacedShown && !m.Secret() {
				list = fmt.Appendf(list, "%U to %q, ", r.Rune, r.By)
			}
		}
		text := strings.TrimSuffix(string(list), ", ")
		if len(c.Replaced) > replacedShown && !m.Secret() {
			text += " and others"
		}
		m.Log = message.AppendEvent(m.Log, m.ID, message.Event{Kind: message.EventSimplified, At: max(now.UnixMilli(), m.ID.Millis()), Code: uint32(n), Text: text})
	}
	if c.By != "" {
		m.Log = message.AppendEvent(m.Log, m.ID, message.Event{Kind: message.EventFiltered, At: max(now.UnixMilli(), m.ID.Millis()), Text: c.By})
	}
	if c.Cut > 0 {
		m.Log = message.AppendEvent(m.Log, m.ID, message.Event{Kind: message.EventCut, At: max(now.UnixMilli(), m.ID.Millis()), Code: uint32(c.Cut)})
	}
}

// replacedShown is how many different replacements the trace lists.
const replacedShown = 20
