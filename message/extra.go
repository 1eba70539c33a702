package message

// Extra is what of a message SMPP has and other interfaces have not: it goes
// along untouched, and a link hands on of it what its configuration says. Most
// messages have none. It never changes once a message has it, so that messages
// may share one.
type Extra struct {
	ServiceType  string // SMPP 3.4 5.2.11, at most 5 characters
	ESMClass     uint8  // mode, type and reply path of esm_class (5.2.12), without the bit of a user data header
	ProtocolID   uint8  // 5.2.13
	Acks         uint8  // bits of registered_delivery that ask the other end (5.2.17): AckDelivery, AckUser
	DefaultMsgID uint8  // sm_default_msg_id (5.2.20)
	Coding       uint8  // data_coding as it came (5.2.19), where Class and Encoding do not say it all; else 0
	TLVs         []TLV  // optional parameters in their order
}

// Bits of Extra.Acks (SMPP 3.4 5.2.17).
const (
	AckDelivery uint8 = 0x04 // the other end's program is to acknowledge
	AckUser     uint8 = 0x08 // its user is to acknowledge
)

// Bounds of what goes along with one message.
const (
	MaxTLVs      = 32   // parameters
	MaxTLVOctets = 1024 // of all values together
)

// IsZero tells whether there is nothing in it; no Extra is then as good.
func (x *Extra) IsZero() bool {
	return x == nil || x.ServiceType == "" && len(x.TLVs) == 0 &&
		x.ESMClass|x.ProtocolID|x.Acks|x.DefaultMsgID|x.Coding == 0
}

// TLV returns the value of the first parameter with a tag.
func (x *Extra) TLV(tag uint16) (value []byte, ok bool) {
	if x == nil {
		return nil, false
	}
	for i := range x.TLVs {
		if x.TLVs[i].Tag == tag {
			return x.TLVs[i].Value, true
		}
	}
	return nil, false
}

// Size is about how much memory it takes, in octets.
func (x *Extra) Size() int {
	if x == nil {
		return 0
	}
	n := 64 + len(x.ServiceType)
	for i := range x.TLVs {
		n += 32 + len(x.TLVs[i].Value)
	}
	return n
}
