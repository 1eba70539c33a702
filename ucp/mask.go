package ucp

import "strings"

// Masked returns a frame for people who may not see its passwords and codes, of which it has stars, and, unless texts is
// set, not the text of a message either. It is nil where what is to be hidden cannot be found, and the frame itself where
// there is nothing to hide.
func Masked(frame []byte, texts bool) []byte {
	p, err := Decode(frame)
	if err != nil {
		return nil
	}
	c := coder{stars: true, starText: !texts}
	masked, err := c.append(nil, p)
	switch {
	case !c.starred:
		return frame
	case err != nil:
		return nil
	}
	return masked
}

// shown gives a frame that we send as a trace may see it.
func shown(p *PDU, frame []byte) []byte {
	if !p.Private {
		return frame
	}
	return Masked(frame, false)
}

// hide gives as much of a sign as there is to hide of a field, of which the coder notes that there is something.
func (c *coder) hide(sign string, length int) string {
	c.starred = c.starred || length > 0
	return strings.Repeat(sign, length)
}
