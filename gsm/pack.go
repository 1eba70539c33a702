package gsm

// FillBits returns how many bits stand between a user data header of n octets
// (its length octet included) and the first septet of packed text, so that the
// text begins on a septet border: 0 to 6. 3GPP TS 23.040 9.2.3.24.
func FillBits(n int) int {
	return headerSeptets(n)*7 - n*8
}

// headerSeptets returns how many septets a header of n octets takes up.
func headerSeptets(n int) int {
	return (n*8 + 6) / 7
}

// Pack appends septets (one per octet) in the form on the air: septet i in the
// bits 7i to 7i+6 after fill zero bits, lowest bit first. Bits left over in the
// last octet are zero: seven of them would read as one more '@', so the
// receiver must know the number of septets. 3GPP TS 23.038 6.1.2.1.1.
func Pack(dst, septets []byte, fill int) []byte {
	acc, bits := uint(0), uint(fill)
	for _, s := range septets {
		acc |= uint(s&0x7F) << bits
		bits += 7
		if bits >= 8 {
			dst = append(dst, byte(acc))
			acc >>= 8
			bits -= 8
		}
	}
	if bits > 0 && len(septets) > 0 {
		dst = append(dst, byte(acc))
	}
	return dst
}

// Unpack appends n septets, one per octet, of packed text that begins after
// fill bits (see [FillBits]). If the octets hold fewer, it appends those that
// are whole. 3GPP TS 23.038 6.1.2.1.1.
func Unpack(dst, packed []byte, n, fill int) []byte {
	n = min(n, (len(packed)*8-fill)/7)
	for i := range n {
		at := i*7 + fill
		v := uint(packed[at/8]) >> (at % 8)
		if at%8 > 1 {
			v |= uint(packed[at/8+1]) << (8 - at%8)
		}
		dst = append(dst, byte(v&0x7F))
	}
	return dst
}
