package ucp_test

import (
	"fmt"
	"time"

	"kurir/ucp"
)

// A message as an application submits it, and what the SMSC answers.
func Example() {
	text, _ := ucp.AlphabetGSM.Append(nil, "Hej \u00e5\u00e4\u00f6 \u20ac []")
	m := &ucp.Message{AdC: "46701234567", NRq: '1', NAdC: "6000", NT: '7', NPID: ucp.PIDTCP}
	m.SetText(text)
	if err := m.SetSender("+46700000001"); err != nil {
		fmt.Println(err)
	}
	frame, err := ucp.Append(nil, &ucp.PDU{TRN: 1, Op: ucp.OpSubmit, Body: m})
	fmt.Println(string(frame[1:len(frame)-1]), err)

	p, err := ucp.Decode([]byte("\x0202/00044/R/51/A//46701234567:211126213102/69\x03"))
	id, _ := ucp.ParseID(p.Outcome().SM)
	at, _ := ucp.ParseTime(id.SCTS, time.UTC)
	fmt.Println(p.TRN, id.AdC, at.Format(time.DateTime), err)
	// Output:
	// 01/00116/O/51/46701234567/46700000001//1/6000/7/0539////////////3//48656A200F7B7C201B65201B3C1B3E////////1139/////C7 <nil>
	// 2 46701234567 2026-11-21 21:31:02 <nil>
}
