"""What the official packages and this service exchange, in the comparison of their token requests."""

IDENTITY_TOKEN = "fake-header.fake-payload.fake-signature"
UUID = "00000000-0000-4000-8000-000000000001"
WORKLOAD_IDENTITY_PROVIDER = "projects/1/locations/global/workloadIdentityPools/pool/providers/aws1"
# Login host and scope by the value of `cloud`.
CLOUDS = {
    "public": ("login.microsoftonline.com", "https://cognitiveservices.azure.com/.default"),
    "usgov": ("login.microsoftonline.us", "https://cognitiveservices.azure.us/.default"),
    "china": ("login.chinacloudapi.cn", "https://cognitiveservices.azure.cn/.default"),
}
