module kurir/e2e

go 1.26.0

require kurir v0.0.0

require golang.org/x/text v0.43.0 // indirect

replace kurir => ../
