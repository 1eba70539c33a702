package connector

import (
	"crypto/rand"
	"encoding/binary"
	"strings"

	"kurir/message"
	"kurir/smpp"
)

// smppKurir is how a Kurir calls itself in the response to a bind.
const smppKurir = "kurir"

// newSelf makes the id by which other Kurirs know that a message has passed this
// one. It lasts as long as the process: a circle is quicker.
func newSelf() uint64 {
	var octets [8]byte
	_, _ = rand.Read(octets[:]) // never fails
	return binary.BigEndian.Uint64(octets[:]) | 1
}

// Self is the id by which other Kurirs know this one; 0 of a nil Shared.
func (s *Shared) Self() uint64 {
	if s == nil {
		return 0
	}
	return s.self
}

// isKurir tells whether the operator is a Kurir that takes optional parameters.
func isKurir(resp *smpp.BindResp, v smpp.Version) bool {
	return resp != nil && strings.EqualFold(resp.SystemID, smppKurir) && v != smpp.Version33
}

// passing says to another Kurir that the message has passed this one.
func (b *smppBuilder) passing(common *smpp.ShortMessage, m *message.Message) {
	common.TLVs = append(common.TLVs, smpp.TLV{Tag: smpp.Tag(message.TagPassed), Value: m.Content.Extra.Passing(b.self)})
	common.TLVs = common.TLVs[:len(common.TLVs):len(common.TLVs)]
}
