package gateway

import (
	"strings"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/route"
)

// Preview is how a message would be sent.
type Preview struct {
	Size       gsm.Size
	Text       string // as it would go out
	Changed    *Changed
	Messages   []string           // the texts of the messages that it would become; nil for one
	Parts      []string           // the texts of its parts, or of those messages; nil for data
	Candidates []Candidate        // links that get another sender, or are skipped
	Rewriting  []route.Considered // rules about sender and recipient; nil without a recipient
	Links      []string           // in the order in which they would be tried; nil without a recipient
	Opening    *Opening           // when it would be sent; nil for at once, and without a recipient
	Costs      *Costs             // nil without a recipient or without prices
	Unicode    []gsm.Replaced     // characters of the text as it came that the alphabet lacks
	First      int                // place of the first of them in the text, in characters from 1; 0 if there are none
	Simplified *gsm.Size          // of the text with plain forms in their place, if all have one
}

// Preview tells how a submission would be sent, or why it would be refused.
// Nothing is accepted, and the account's rate is not asked. Without a recipient
// no route is known: then a national table has to be carried by every link.
func (g *Gateway) Preview(sub *Submission) (*Preview, *message.Failure) {
	return g.snap.Load().Preview(sub)
}

// Preview is [Gateway.Preview] by one configuration.
func (s *Snapshot) Preview(sub *Submission) (*Preview, *message.Failure) {
	m := &message.Message{Account: sub.Account.Name, Via: sub.Via, Content: sub.Content}
	nobody := sub.To == "" && sub.ToAddr.IsZero()
	if !nobody {
		if f := s.addresses(m, sub); f != nil {
			return nil, f
		}
	}
	if f := measure(m); f != nil {
		return nil, f
	}
	var h *route.Handling
	now := time.Now()
	if nobody {
		for name := range s.Links {
			m.Links = append(m.Links, name)
		}
	} else {
		var f *message.Failure
		if h, f = s.links(m, sub, now); f != nil {
			return nil, f
		}
		if f = s.times(m, sub, now); f == nil {
			f = s.hours(m, sub, h, now)
		}
		if f != nil {
			return nil, f
		}
	}
	p := &Preview{Opening: s.opening(m, sub, now)}
	p.unicode(m)
	rules := textRules(sub, h)
	if r := rules; r != nil {
		var f *message.Failure
		if p.Changed, f = s.texts(m, r); f != nil {
			return nil, f
		}
	}
	if f := notMore(m, s.mostParts(sub, h)); f != nil {
		return nil, f
	}
	if !m.To.IsZero() {
		now := time.Now()
		p.Links, p.Candidates = m.Links, s.particular(m, sub, now)
		p.Rewriting = s.rewriting(m, sub, ruleName(s.Routes.Explain(route.QueryOf(m, sub.Account.Groups, now))), h)
	}
	p.Text, p.Size = m.Content.Text, sizeOf(m)
	if r := rules; r != nil && r.Long == message.LongSeparate && m.Parts > 1 && !sub.Multi && !sub.Atomic && m.Encoding != gsm.Binary {
		texts, f := s.apart(m, sub, r, s.mostParts(sub, h))
		if f != nil {
			return nil, f
		}
		if len(texts) > 1 {
			p.Messages, p.Size.Parts, p.Size.Left = texts, len(texts), 0
		}
	}
	p.parts(m)
	if nobody {
		return p, nil
	}
	var f *message.Failure
	if p.Costs, f = s.costs(sub.Account, m, p.Size.Parts, time.Now()); f != nil {
		return nil, f
	}
	return p, nil
}

// parts says how the text is cut.
func (p *Preview) parts(m *message.Message) {
	if p.Parts = p.Messages; p.Parts != nil || m.Encoding == gsm.Binary {
		return
	}
	h, _, _ := gsm.ParseHeader(m.Content.Header)
	p.Parts = gsm.PartTexts(m.Content.Text, gsm.SplitOptions{Encoding: m.Encoding, Header: h})
}

// unicode says of a text in UCS-2 why it is.
func (p *Preview) unicode(m *message.Message) {
	if m.Encoding != gsm.UCS2 {
		return
	}
	text, told, whole := gsm.Simplify(m.Content.Text)
	p.Unicode = told
	if len(told) > 0 {
		if at := strings.IndexFunc(m.Content.Text, func(r rune) bool { return !gsm.IsGSM7(string(r)) }); at >= 0 {
			p.First = len([]rune(m.Content.Text[:at])) + 1
		}
	}
	if !whole {
		return
	}
	h, _, _ := gsm.ParseHeader(m.Content.Header)
	if size, err := gsm.MeasureWith(text, gsm.SplitOptions{Header: h.WithShift(gsm.Shift{})}); err == nil {
		p.Simplified = &size
	}
}

// sizeOf measures a message that is known to be good.
func sizeOf(m *message.Message) (size gsm.Size) {
	if m.Encoding == gsm.Binary {
		size, _ = gsm.MeasureBinary(len(m.Content.Data), len(m.Content.Header))
		return size
	}
	h, _, _ := gsm.ParseHeader(m.Content.Header)
	size, _ = gsm.MeasureWith(m.Content.Text, gsm.SplitOptions{Encoding: m.Encoding, Header: h})
	return size
}
