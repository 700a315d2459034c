// The client loop on github.com/gorilla/websocket: wsspec client --exec 'go run gorilla.go {url}'
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"

	"github.com/gorilla/websocket"
)

// open opens a URL, sends each message back if told to, and gives the last one when the connection has ended.
func open(url string, echo bool) (said string) {
	socket, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return ""
	}
	defer socket.Close()
	for {
		kind, data, err := socket.ReadMessage()
		if err != nil {
			return said
		}
		said = string(data)
		if echo && socket.WriteMessage(kind, data) != nil {
			return said
		}
	}
}

func main() {
	url, agent := os.Args[1], "gorilla"
	count, _ := strconv.Atoi(open(url+"/getCaseCount", false))
	numbers := make(chan int)
	var workers sync.WaitGroup
	for i := 0; i < 16; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for number := range numbers {
				open(fmt.Sprintf("%s/runCase?case=%d&agent=%s", url, number, agent), true)
			}
		}()
	}
	for number := 1; number <= count; number++ {
		numbers <- number
	}
	close(numbers)
	workers.Wait()
	open(url+"/updateReports?agent="+agent, false)
}
