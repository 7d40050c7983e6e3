<?php
// Reads requests, one a line in JSON, and prints for each the headers with which the SDK signs it, and its signature when
// the headers are ours.
use Amazon\Pay\API\Client;

require getenv('AMAZON_PAY_PHP_SDK');
while (($line = fgets(STDIN)) !== false) {
    $request = json_decode($line, true);
    $client = new Client([
        'public_key_id' => $request['publicKeyId'],
        'private_key' => $request['privateKey'],
        'region' => $request['payRegion'],
        'sandbox' => $request['view'] === 'sandbox',
        'algorithm' => $request['algorithm'],
    ]);
    $url = 'https://' . $request['host'] . $request['path'];
    $headers = [];
    foreach ($client->getPostSignedHeaders('GET', $url, [], '') as $header) {
        [$name, $value] = explode(':', $header, 2);
        $headers[$name] = $value;
    }
    $date = $request['headers']['x-amz-pay-date'];
    unset($request['headers']['x-amz-pay-date'], $request['headers']['x-amz-pay-host']);
    $signature = $client->createSignature('GET', $url, [], $request['headers'], '', $date);
    echo json_encode(['headers' => $headers, 'signature' => $signature]), "\n";
}
