// Package gsm knows what is inside a short message: the alphabets, the data
// coding scheme, the user data header, and how a text that does not fit into
// one message becomes several and one again.
//
// A text on its way out:
//
//  1. [Measure] chooses the encoding (GSM 7-bit if every character is in the
//     alphabet, UCS-2 otherwise) and says how many parts it takes. measure.go
//     Where languages are allowed, their national tables count as alphabets
//     too. national.go
//  2. [References] gives a long message a reference number that the last
//     messages to the same phone did not have. reference.go
//  3. [AppendSegments] encodes and cuts. Every [Segment] carries its user data
//     header and its payload. split.go, udh.go
//  4. [DataCoding] gives the octet that tells the phone how to read it.
//     coding.go
//
// A message on its way in:
//
//  1. [ParseDataCoding] or [ParseSMPPDataCoding] says which alphabet it is in.
//  2. [ParseHeader] takes the user data header off; [Header.Concat] says
//     whether this is a part of a longer message.
//  3. [Assembly] collects the parts, in any order; [Key] says which parts
//     belong together. join.go
//  4. [Decode] turns octets into text, [DecodeShifted] septets that are in the
//     tables that [Header.Shift] names. alphabet.go, ucs2.go, national.go
//
// Between a phone and its service centre all this travels in TPDUs: [Submit],
// [Deliver], [StatusReport] and their like, each with one layout by which
// [AppendTPDU], [DecodeToPhone] and [DecodeFromPhone] go (tpdu.go,
// tpdu_coder.go). Modems have the service centre's address in front:
// [AppendPDU], [CutPDU] (address.go). Times are in clock.go, the status of a
// report in tp_status.go.
//
// GSM 7-bit text is held in the unpacked form, one septet per octet, in which
// SMPP carries it. [Pack] and [Unpack] convert to and from the form on the
// air (pack.go).
//
// Specifications: 3GPP TS 23.038 (alphabets and data coding) and 3GPP TS
// 23.040 (user data header, concatenation, TPDUs).
package gsm
