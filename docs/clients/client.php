<?php
// The client loop on phrity/websocket (composer require phrity/websocket): wsspec client --exec 'php client.php {url}'
require 'vendor/autoload.php';

[$url, $agent] = [$argv[1], 'php'];

// Opens a URL, sends each message back if told to, and gives the last one when the connection has ended.
function open(string $url, bool $echo): string
{
    $said = '';
    $client = new WebSocket\Client($url);
    $client->addMiddleware(new WebSocket\Middleware\CloseHandler())->addMiddleware(new WebSocket\Middleware\PingResponder());
    $reply = function ($client, $connection, $message) use ($echo, &$said) {
        $said = $message->getContent();
        if ($echo) {
            $connection->send($message);
        }
    };
    $client->onText($reply)->onBinary($reply)->onDisconnect(fn ($client) => $client->stop());
    try {
        $client->start();
    } catch (WebSocket\Exception\ExceptionInterface) {
    }
    return $said;
}

$count = (int) open("$url/getCaseCount", false);
for ($number = 1; $number <= $count; $number++) {
    open("$url/runCase?case=$number&agent=$agent", true);
}
open("$url/updateReports?agent=$agent", false);
