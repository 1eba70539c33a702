package ucp

// Services are the extra services of a message (XSer, EMI/UCP 5.1.2): a type, a length and so many octets, one after
// the other. What nobody knows is kept as it is.
type Services []byte

// Service is the type of an extra service.
type Service uint8

// The extra services.
const (
	ServiceUDH            Service = 0x01 // user data header with its length octet
	ServiceDCS            Service = 0x02 // data coding scheme of GSM
	ServiceMessageType    Service = 0x03 // from here to 0x0B: TDMA
	ServiceReference      Service = 0x04 // message reference
	ServicePrivacy        Service = 0x05
	ServiceUrgency        Service = 0x06 // 0 bulk, 1 normal, 2 urgent, 3 very urgent
	ServiceAck            Service = 0x07 // acknowledgement wanted: 0 none, 1 of delivery, 2 by hand, 3 both
	ServiceUpdating       Service = 0x08
	ServiceCallBack       Service = 0x09 // call-back number
	ServiceResponse       Service = 0x0A // response code
	ServiceTeleservice    Service = 0x0B
	ServiceBilling        Service = 0x0C // billing identifier: up to 20 characters of ASCII
	ServiceSingleShot     Service = 0x0D // 1: one attempt only
	ServiceOriginatorTON  Service = 0x0E
	ServiceOriginatorNPI  Service = 0x0F
	ServiceRecipientTON   Service = 0x10
	ServiceRecipientNPI   Service = 0x11
	ServiceSubmissionTime Service = 0x12 // when the message was submitted first
	ServiceNetwork        Service = 0x13 // type of the destination's network
)

// Next gives the first service, and those behind it. ok is false at the end, and where a service is cut off.
func (s Services) Next() (t Service, data []byte, rest Services, ok bool) {
	if len(s) < 2 || len(s) < 2+int(s[1]) {
		return 0, nil, nil, false
	}
	end := 2 + int(s[1])
	return Service(s[0]), s[2:end:end], s[end:], true
}

// Get gives the octets of the first service of a type.
func (s Services) Get(want Service) (data []byte, ok bool) {
	for {
		t, data, rest, ok := s.Next()
		if !ok {
			return nil, false
		}
		if t == want {
			return data, true
		}
		s = rest
	}
}

// Add appends a service of at most 255 octets; what is longer is left out.
func (s Services) Add(t Service, data ...byte) Services {
	if len(data) > 255 {
		return s
	}
	return append(append(s, byte(t), byte(len(data))), data...)
}

// UDH gives the user data header with its length octet, nil if there is none.
func (s Services) UDH() []byte {
	udh, _ := s.Get(ServiceUDH)
	return udh
}

// DCS gives the data coding scheme that the extra services name.
func (s Services) DCS() (dcs uint8, ok bool) {
	data, ok := s.Get(ServiceDCS)
	if !ok || len(data) != 1 {
		return 0, false
	}
	return data[0], true
}

// Coding gives the data coding scheme of the message: that of XSer, else by MT, MCLs and DCs (which say the default
// alphabet or 8 bits, and the class). 3GPP TS 23.038 4.
func (b *Message) Coding() uint8 {
	if dcs, ok := b.XSer.DCS(); ok {
		return dcs
	}
	var dcs uint8
	if b.MT == MTData || b.DCs == '1' {
		dcs = 0x04
	}
	if b.MCLs >= '0' && b.MCLs <= '3' {
		dcs |= 0xF0 | (b.MCLs - '0')
	}
	return dcs
}
