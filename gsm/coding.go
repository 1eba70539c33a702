package gsm

// NoClass is the class of a message that has none.
const NoClass int8 = -1

// The message classes. 3GPP TS 23.038 4.
const (
	ClassFlash    int8 = 0 // shown at once, not stored
	ClassPhone    int8 = 1 // for the memory of the phone
	ClassSIM      int8 = 2 // for the SIM
	ClassTerminal int8 = 3 // for the equipment behind the phone
)

// Waiting says that the message announces others that wait elsewhere.
// 3GPP TS 23.038 4.
type Waiting uint8

// The ways of a message waiting indication.
const (
	NotWaiting     Waiting = iota // an ordinary message
	WaitingDiscard                // the phone may throw the text away
	WaitingStore                  // the phone keeps the text
)

// DataCoding is a data coding scheme taken apart. Make one with [Coding]: in
// the zero value the class would be flash. 3GPP TS 23.038 4.
type DataCoding struct {
	Encoding   Encoding // GSM7, UCS2 or Binary; Latin1 with SMPP only
	Class      int8     // 0 to 3, or NoClass
	Compressed bool     // compressed by 3GPP TS 23.042: the text cannot be read
	AutoDelete bool     // the phone is to delete the message once it was read
	Waiting    Waiting  // a message waiting indication; then Class and Compressed do not apply
	Active     bool     // with Waiting: messages do wait; false when there are none any more
	Indication uint8    // with Waiting: 0 voicemail, 1 fax, 2 mail, 3 other
}

// Coding returns the data coding for an encoding and a class (NoClass for none).
func Coding(enc Encoding, class int8) DataCoding {
	return DataCoding{Encoding: enc, Class: class}
}

// ParseDataCoding takes apart a data coding scheme as it stands in a TPDU.
// Reserved values mean the default alphabet, as the specification demands.
// 3GPP TS 23.038 4.
func ParseDataCoding(dcs uint8) DataCoding {
	d := DataCoding{Encoding: GSM7, Class: NoClass}
	switch dcs >> 4 {
	case 0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7:
		d.AutoDelete = dcs&0x40 != 0
		d.Compressed = dcs&0x20 != 0
		if dcs&0x10 != 0 {
			d.Class = int8(dcs & 3)
		}
		switch dcs >> 2 & 3 {
		case 1:
			d.Encoding = Binary
		case 2:
			d.Encoding = UCS2
		}
	case 0xC, 0xD, 0xE:
		d.Waiting = WaitingStore
		d.Active = dcs&8 != 0
		d.Indication = dcs & 3
		switch dcs >> 4 {
		case 0xC:
			d.Waiting = WaitingDiscard
		case 0xE:
			d.Encoding = UCS2
		}
	case 0xF:
		d.Class = int8(dcs & 3)
		if dcs&4 != 0 {
			d.Encoding = Binary
		}
	}
	return d
}

// Octet returns the data coding scheme for a TPDU. Latin1, which it cannot
// express, counts as Binary; a waiting indication to be discarded has no
// UCS2 form and is stored instead. 3GPP TS 23.038 4.
func (d DataCoding) Octet() uint8 {
	if d.Waiting != NotWaiting {
		return d.waitingOctet()
	}
	var o uint8
	switch d.Encoding {
	case Binary, Latin1:
		o = 0x04
	case UCS2:
		o = 0x08
	}
	if d.Class >= 0 {
		o |= 0x10 | uint8(d.Class)&3
	}
	if d.Compressed {
		o |= 0x20
	}
	if d.AutoDelete {
		o |= 0x40
	}
	return o
}

// waitingOctet returns the scheme of a message waiting indication.
func (d DataCoding) waitingOctet() uint8 {
	o := uint8(0xD0)
	switch {
	case d.Encoding == UCS2:
		o = 0xE0
	case d.Waiting == WaitingDiscard:
		o = 0xC0
	}
	if d.Active {
		o |= 8
	}
	return o | d.Indication&3
}

// ParseSMPPDataCoding takes apart the data_coding of SMPP, where 0 is the
// alphabet that the two sides agreed on (def) and the values up to 0x0F name
// character sets; above, it is the scheme of 3GPP TS 23.038. ok is false for
// character sets that Kurir cannot read (Japanese, Korean, Cyrillic, Hebrew,
// pictograms): they count as Binary so that no octet is lost.
// SMPP 3.4 5.2.19.
func ParseSMPPDataCoding(coding uint8, def Encoding) (d DataCoding, ok bool) {
	if coding > 0x0F {
		return ParseDataCoding(coding), true
	}
	switch coding {
	case 0:
		return Coding(def, NoClass), true
	case 1, 3: // IA5 (ASCII) is the lower half of ISO-8859-1
		return Coding(Latin1, NoClass), true
	case 2, 4:
		return Coding(Binary, NoClass), true
	case 8:
		return Coding(UCS2, NoClass), true
	}
	return Coding(Binary, NoClass), false
}

// SMPP returns the data_coding for SMPP. A class with GSM7 or Binary is written
// in the group 0xF0, which every SMSC knows. SMPP 3.4 5.2.19.
func (d DataCoding) SMPP() uint8 {
	plain := d.Waiting == NotWaiting && !d.Compressed && !d.AutoDelete
	switch {
	case plain && d.Class < 0 && d.Encoding == Latin1:
		return 0x03
	case plain && d.Class >= 0 && d.Encoding == Binary:
		return 0xF4 | uint8(d.Class)&3
	case plain && d.Class >= 0 && d.Encoding == GSM7:
		return 0xF0 | uint8(d.Class)&3
	}
	return d.Octet()
}
