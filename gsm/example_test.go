package gsm_test

import (
	"fmt"
	"strings"

	"kurir/gsm"
)

func ExampleMeasure() {
	for _, text := range []string{"Hej åäö €", "Façade", strings.Repeat("a", 161)} {
		s, err := gsm.Measure(text, gsm.Auto)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%v: %d units, %d parts, %d left\n", s.Encoding, s.Units, s.Parts, s.Left)
	}
	// Output:
	// gsm7: 10 units, 1 parts, 150 left
	// ucs2: 6 units, 1 parts, 64 left
	// gsm7: 161 units, 2 parts, 145 left
}

func ExampleAppendSegments() {
	text := strings.Repeat("a", 152) + "€" // 154 septets fit into one message
	segments, err := gsm.AppendSegments(nil, text+"1234567", gsm.SplitOptions{Reference: 0x4C})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range segments {
		fmt.Printf("%d of %d: header %X, %d septets\n", s.Number, s.Total, s.Header, len(s.Payload))
	}
	// Output:
	// 1 of 2: header 0500034C0201, 152 septets
	// 2 of 2: header 0500034C0202, 9 septets
}

func ExampleAssembly() {
	parts := [][]byte{
		{0x05, 0x00, 0x03, 0x4C, 0x02, 0x02, 'l', 'o'},
		{0x05, 0x00, 0x03, 0x4C, 0x02, 0x01, 'H', 'e', 'l'},
	}
	var a gsm.Assembly
	for _, ud := range parts {
		h, payload, err := gsm.ParseHeader(ud)
		if err != nil {
			fmt.Println(err)
			continue
		}
		if c, ok := h.Concat(); ok {
			complete, _ := a.Add(int(c.Number), int(c.Total), gsm.GSM7, payload)
			fmt.Println(a.Missing(), complete)
		}
	}
	fmt.Println(a.Text())
	// Output:
	// [1] false
	// [] true
	// Hello
}
