// A scheduled job of Azure Container Apps that signs in as a managed identity;
// docs/schedules/container-apps-job.md tells what to prepare. auditor.toml lies beside this file.

@description('Where the job runs; that of its environment.')
param location string = resourceGroup().location

@description('The Container Apps environment, by id.')
param environmentId string

@description('The user-assigned identity that reads Azure and pulls the image, by id.')
param identityId string

@description('The client id of the same identity.')
param identityClientId string

@description('The registry that holds the image.')
param registry string = 'your-registry.azurecr.io'

@description('The image, with a tag that stays what it is.')
param image string = 'your-registry.azurecr.io/auditor:0.1.0'

@description('When, in UTC.')
param schedule string = '17 5 * * 1'

@secure()
@description('The address of the Teams workflow; a secret.')
param teamsUrl string

resource job 'Microsoft.App/jobs@2024-03-01' = {
  name: 'auditor'
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    environmentId: environmentId
    configuration: {
      triggerType: 'Schedule'
      scheduleTriggerConfig: {
        cronExpression: schedule
        parallelism: 1
        replicaCompletionCount: 1
      }
      replicaTimeout: 3600
      replicaRetryLimit: 0
      registries: [
        {
          server: registry
          identity: identityId
        }
      ]
      secrets: [
        {
          name: 'teams-url'
          value: teamsUrl
        }
        {
          name: 'auditor-toml'
          value: loadTextContent('auditor.toml')
        }
      ]
    }
    template: {
      containers: [
        {
          name: 'auditor'
          image: image
          command: [
            'sh'
            '-euc'
          ]
          args: [
            'auditor snapshot --credential managed-identity --output /tmp/snapshot.json.zst && auditor check /tmp/snapshot.json.zst --config /etc/auditor/auditor.toml --notify team'
          ]
          env: [
            {
              name: 'AZURE_CLIENT_ID'
              value: identityClientId
            }
            {
              name: 'AUDITOR_TEAMS_URL'
              secretRef: 'teams-url'
            }
          ]
          resources: {
            cpu: json('1.0')
            memory: '2Gi'
          }
          volumeMounts: [
            {
              volumeName: 'config'
              mountPath: '/etc/auditor'
            }
          ]
        }
      ]
      volumes: [
        {
          name: 'config'
          storageType: 'Secret'
          secrets: [
            {
              secretRef: 'auditor-toml'
              path: 'auditor.toml'
            }
          ]
        }
      ]
    }
  }
}

output jobId string = job.id
