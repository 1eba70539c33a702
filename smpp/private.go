package smpp

import "bytes"

// shown returns the octets of a PDU that we send as a trace may see them: of a message whose text is private (the field
// Private of its body) with stars in place of the text.
func (s *Session) shown(p *PDU, frame []byte) []byte {
	masked := *p
	switch b := p.Body.(type) {
	case *SubmitSM:
		if !b.Private {
			return frame
		}
		m := *b
		m.Text, m.TLVs = starred(m.Text), m.TLVs.starred()
		masked.Body = &m
	case *ReplaceSM:
		if !b.Private {
			return frame
		}
		m := *b
		m.Text, m.TLVs = starred(m.Text), m.TLVs.starred()
		masked.Body = &m
	default:
		return frame
	}
	out, err := s.enc.append(nil, &masked)
	s.enc.buf = nil
	if err != nil {
		return nil
	}
	return out
}

func starred(text []byte) []byte { return bytes.Repeat([]byte{'*'}, len(text)) }

// starred returns parameters with stars in place of a text.
func (t TLVs) starred() TLVs {
	with := append(TLVs(nil), t...)
	for i := range with {
		if with[i].Tag == TagMessagePayload {
			with[i].Value = starred(with[i].Value)
		}
	}
	return with
}
